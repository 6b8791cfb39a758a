// Run with `--import`: tests and examples find `signet-mcp` in the package they lie in, and the frameworks here, where alone they are
// installed. `SIGNET_DIST` names another build than `dist`, by a path from this folder.
import { registerHooks } from "node:module";
import { env } from "node:process";

const here = import.meta.url;
const root = new URL("../../package.json", here).href;
const dist = env.SIGNET_DIST === undefined ? undefined : new URL(`${env.SIGNET_DIST}/`, here);

registerHooks({
  resolve(specifier, context, next) {
    const own = /^signet-mcp(?:\/(.+))?$/.exec(specifier);
    if (own !== null) {
      if (dist === undefined) return next(specifier, { ...context, parentURL: root });
      const file = own[1] === undefined ? "index.js" : `adapters/${own[1]}.js`;
      return next(new URL(file, dist).href, context);
    }
    const isFramework = /^(?:ai|zod|@langchain\/\w+|@openai\/[\w-]+|@mastra\/\w+)(?:\/|$)/.test(specifier);
    const isExample = context.parentURL?.includes("/examples/frameworks/") === true;
    return next(specifier, isFramework && isExample ? { ...context, parentURL: here } : context);
  },
});
