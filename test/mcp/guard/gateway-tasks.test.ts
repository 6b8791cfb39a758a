import { describe, expect, it } from "vitest";
import { openStand } from "../../attack/support/stand.js";

const TASK_ID = "task-1";

describe("the tasks of a gateway", () => {
  it("belong to the key that created them", async () => {
    const stand = await openStand();
    const verdict = await stand.guard.verify({ ...(await stand.sign()), task: { ttl: 1000 } });
    if (!verdict.ok) throw new Error(verdict.code);
    const made = { task: { taskId: TASK_ID, status: "working" } };
    const { response } = await stand.guard.countersign(verdict.call, made);
    expect(response.outcome).toEqual({ status: "verified" });

    const ask = async (identity: typeof stand.alice): Promise<unknown> =>
      stand.guard.verify(await stand.signParams("tasks/result", { taskId: TASK_ID }, { identity }), {
        method: "tasks/result",
      });
    expect(await ask(stand.bob)).toMatchObject({ ok: false, code: "wrong_task_owner" });
    expect(await ask(stand.alice)).toMatchObject({ ok: true });
  });

  it("are none where the call did not ask for one", async () => {
    const stand = await openStand();
    const verdict = await stand.guard.verify(await stand.sign());
    if (!verdict.ok) throw new Error(verdict.code);
    const { response } = await stand.guard.countersign(verdict.call, { task: { taskId: TASK_ID } });
    expect(response.outcome).toEqual({ status: "executed" });
    const params = await stand.signParams("tasks/result", { taskId: TASK_ID });
    expect(await stand.guard.verify(params, { method: "tasks/result" })).toMatchObject({
      code: "wrong_task_owner",
    });
  });
});
