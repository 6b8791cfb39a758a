import { once } from "node:events";
import { Redis } from "ioredis";
import { afterAll, describe, it } from "vitest";
import { contractCases } from "./support/contract.js";
import { Stand } from "./support/stand.js";

const url = process.env["SIGNET_REDIS_URL"] ?? "";

describe.skipIf(url === "")(
  "the Redis store holds the contract on the server of SIGNET_REDIS_URL (skipped unless it is set)",
  { concurrent: true, timeout: 60_000 },
  () => {
    const stand = new Stand();
    afterAll(() => stand.clear());

    const connect = async (): Promise<Redis> => {
      const client = new Redis(url, { enableOfflineQueue: false, maxRetriesPerRequest: 0 });
      stand.add(client, () => {
        client.disconnect();
      });
      await once(client, "ready");
      return client;
    };
    it.each(contractCases(connect))("$name", ({ run }) => run());
  },
);
