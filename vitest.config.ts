import { defineConfig } from "vitest/config";
import type { ViteUserConfig } from "vitest/config";

const timeouts = { testTimeout: 30_000, hookTimeout: 30_000 };

/** What depends on the backend of Ed25519 runs on each. */
const config: ViteUserConfig = defineConfig({
  test: {
    globalSetup: ["test/support/home.ts"],
    projects: [
      { test: { name: "node", include: ["test/**/*.test.ts"], ...timeouts } },
      {
        test: {
          name: "sodium",
          include: [
            "test/attack/**/*.test.ts",
            "test/crypto/{ed25519,signer}.test.ts",
            "test/receipt/**/*.test.ts",
            "test/verify/**/*.test.ts",
          ],
          setupFiles: ["test/support/use-sodium.ts"],
          ...timeouts,
        },
      },
    ],
  },
});

export default config;
