import { isHttp, isStateless, isStdio } from "./setup.js";
import type { Setup } from "./setup.js";

/** What a case needs of a cell of the matrix beyond a tool that answers. */
export type Trait =
  | "questions"
  | "rounds"
  | "cancellation"
  | "progress"
  | "announcements"
  | "list changes"
  | "pages"
  | "batches"
  | "tasks"
  | "array results"
  | "several clients of one server"
  | "a guard in this process";

/** Why a cell lacks a trait, or `undefined` if it has it. Whatever is left out of the matrix is left out here. */
export function whyNot(trait: Trait, setup: Setup): string | undefined {
  switch (trait) {
    case "questions":
      if (setup.era === "2026") return "the 2026 revision has no requests from server to client, see rounds";
      return isStateless(setup)
        ? "the client's answer would reach another server than the one that asked"
        : undefined;
    case "rounds":
      if (setup.sdk === "v1") return "SDK v1 has no input_required";
      return isStateless(setup)
        ? "on the 2025 revision the SDK asks by requests from server to client, see questions"
        : undefined;
    case "cancellation":
      return isStateless(setup)
        ? "the cancellation reaches another server than the one that runs the tool"
        : undefined;
    case "progress":
      return setup.transport === "http-stateless-json"
        ? "a plain JSON answer has room for the result only"
        : undefined;
    case "announcements":
      if (setup.era === "2026") return "the 2026 revision logs within a request only";
      return isStateless(setup) ? "there is no connection to announce anything on" : undefined;
    case "list changes":
      return isStateless(setup) ? "there is no connection to send the change on" : undefined;
    case "pages":
      return setup.server === "mcp" ? "McpServer lists all its tools on one page" : undefined;
    case "batches":
      if (!isHttp(setup)) return "only Streamable HTTP takes batches in";
      return setup.era === "2026" ? "the 2026 revision has no batches" : undefined;
    case "tasks":
      return setup.sdk === "v2" || setup.client === "v2"
        ? "SDK v2 knows the words of tasks but does not run them"
        : undefined;
    case "array results":
      if (setup.sdk === "v1") return "structuredContent of SDK v1 is an object";
      return setup.server === "low" && setup.era === "2025"
        ? "only McpServer wraps an array for clients of the 2025 revision"
        : undefined;
    case "several clients of one server":
      return isStdio(setup) ? "over stdio every client has a server of its own" : undefined;
    case "a guard in this process":
      return isStdio(setup) ? "the guard is in the child process, out of the test's reach" : undefined;
  }
}
