import type { Tool, ToolResult } from "./servers.js";

/** A tool that runs until the test says with what it ends. */
export interface SlowTool {
  readonly tool: Tool;
  /** Waits until the tool was called so many times. */
  started(count?: number): Promise<void>;
  /** Ends the oldest call that has not ended. */
  finish(result?: ToolResult): void;
}

export function slowTool(): SlowTool {
  const running: ((result: ToolResult) => void)[] = [];
  const calls = { count: 0 };
  let wake: () => void = () => {};
  return {
    tool: () => {
      calls.count += 1;
      wake();
      return new Promise((resolve) => void running.push(resolve));
    },
    async started(count = 1) {
      while (calls.count < count) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    },
    finish: (result = { content: [{ type: "text", text: "done" }] }) => running.shift()?.(result),
  };
}
