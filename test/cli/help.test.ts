import { describe, expect, it } from "vitest";
import { createProgram } from "../../src/cli/run.js";
import { signet, temporaryFolder } from "./support.js";

interface Named {
  readonly path: readonly string[];
  readonly isGroup: boolean;
}

function commandsOf(command: ReturnType<typeof createProgram>, path: readonly string[] = []): Named[] {
  return command.commands.flatMap((child) => {
    const own = [...path, child.name()];
    return [{ path: own, isGroup: child.commands.length > 0 }, ...commandsOf(child, own)];
  });
}

describe("the help", () => {
  const commands = commandsOf(createProgram());

  it.each(commands.map(({ path, isGroup }) => [path.join(" "), isGroup] as const))(
    "of signet %s says what it does, with an example",
    async (path, isGroup) => {
      const { code, out, err } = await signet(temporaryFolder(), [...path.split(" "), "--help"]);
      expect({ code, err }).toEqual({ code: 0, err: "" });
      expect(out).toMatch(new RegExp(`^Usage: signet ${path}`));
      if (!isGroup && path !== "completion names")
        expect(out).toMatch(/\n {2}(?:\S+ )*?(?:source <\()?signet \S/);
    },
  );

  it("is what signet alone prints, as wrong use", async () => {
    const { code, out, err } = await signet(temporaryFolder(), []);
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(err).toMatch(/^Usage: signet/);
  });

  it("is printed of commands within commands", async () => {
    const home = temporaryFolder();
    expect((await signet(home, ["help", "trust", "add"])).out).toMatch(/^Usage: signet trust add /);
    expect(await signet(home, ["help", "none"])).toMatchObject({ code: 2 });
  });

  it("names the command that was meant", async () => {
    const { code, err } = await signet(temporaryFolder(), ["verfy"]);
    expect(code).toBe(2);
    expect(err).toContain("Did you mean verify?");
  });
});
