// A PostgreSQL server of its own for tests, figures and examples: a fresh cluster in a temporary folder, on a free port of
// 127.0.0.1 and nowhere else, without a password.
import { execFile, execFileSync, spawn } from "node:child_process";
import {
  chownSync,
  closeSync,
  existsSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readdirSync,
  rmSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { promisify } from "node:util";
import { freePort } from "./free-port.mjs";

const DEBIAN = "/usr/lib/postgresql";
const START_MS = 30_000;
const STOP_MS = 10_000;

const run = promisify(execFile);

/** Whether there is a PostgreSQL server to start. */
export function isPostgresInstalled() {
  return findPrograms() !== undefined && (process.getuid?.() !== 0 || findUser() !== undefined);
}

/**
 * Starts a server. It ends with this process at the latest.
 *
 * @param options.settings Settings of the server by name, such as `{ fsync: "on" }`.
 * @param options.dataDirectory Where to keep the cluster: an empty folder. Default is one in the temporary folder.
 */
export async function startPostgres({ settings = {}, dataDirectory } = {}) {
  const programs = findPrograms();
  if (programs === undefined) throw new Error("PostgreSQL is not installed");
  // The server refuses to run as root.
  const user = process.getuid?.() === 0 ? findUser() : {};
  const home = dataDirectory ?? mkdtempSync(join(tmpdir(), "signet-postgres-"));
  if (user.uid !== undefined) chownSync(home, user.uid, user.gid);
  const data = join(home, "data");
  const port = await freePort();
  const initdb = ["-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"];
  await run(join(programs, "initdb"), initdb, { ...user, cwd: home });

  const server = new Server({
    programs,
    user,
    home,
    data,
    port,
    settings,
    isOurs: dataDirectory === undefined,
  });
  await server.start();
  return server;
}

class Server {
  #programs;
  #user;
  #home;
  #data;
  #settings;
  #isOurs;
  #process;
  #ended;
  #end = () => this.#clear();

  constructor({ programs, user, home, data, port, settings, isOurs }) {
    this.#isOurs = isOurs;
    this.#programs = programs;
    this.#user = user;
    this.#home = home;
    this.#data = data;
    this.#settings = settings;
    this.port = port;
    this.url = `postgres://postgres@127.0.0.1:${port}/postgres`;
    process.once("exit", this.#end);
  }

  /** The server's main process. */
  get pid() {
    return this.#process?.pid;
  }

  /** Starts a server that has ended, on the same data and port. `settings` replace those it had. */
  async start(settings = this.#settings) {
    this.#settings = settings;
    const all = { listen_addresses: "127.0.0.1", unix_socket_directories: "", ...settings };
    const set = Object.entries(all).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
    const log = openSync(join(this.#home, "log"), "a");
    const args = ["-D", this.#data, "-p", String(this.port), ...set];
    this.#process = spawn(join(this.#programs, "postgres"), args, {
      ...this.#user,
      cwd: this.#home,
      stdio: ["ignore", log, log],
    });
    closeSync(log);
    this.#process.unref();
    let isOver = false;
    this.#ended = new Promise((resolve) => {
      this.#process.once("exit", () => {
        isOver = true;
        resolve();
      });
    });
    const until = Date.now() + START_MS;
    while (!(await this.#answers())) {
      if (isOver || Date.now() > until) throw new Error(`PostgreSQL did not start:\n${this.log()}`);
      await pause(20);
    }
  }

  /** Ends the server and removes its data. */
  async stop() {
    process.removeListener("exit", this.#end);
    await this.#shutDown();
    this.#clear();
  }

  /** Shuts the server down, which ends its connections, and starts it again. */
  async restart(settings = this.#settings) {
    await this.#shutDown();
    await this.start(settings);
  }

  /** Kills all its processes. What was not on disk is lost; {@link start} starts it again. */
  async kill() {
    this.#process.ref();
    for (const pid of this.#pids()) signal(pid, "SIGKILL");
    await this.#ended;
  }

  /** Stops all its processes where they are: connections stay open, and nothing is answered. */
  freeze() {
    // The main process first, so that it starts no others meanwhile.
    signal(this.pid, "SIGSTOP");
    for (const pid of this.#pids()) signal(pid, "SIGSTOP");
  }

  thaw() {
    for (const pid of this.#pids()) signal(pid, "SIGCONT");
  }

  /** Runs SQL, each statement on its own, and gives what it returns: a line a row, with `|` between the columns. */
  async sql(text, { user = "postgres", database = "postgres" } = {}) {
    const args = ["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-f", "-", this.#urlOf(user, database)];
    const running = run(join(this.#programs, "psql"), args, { maxBuffer: 64 << 20 });
    running.child.stdin.end(text);
    const { stdout } = await running;
    return stdout.trimEnd();
  }

  /** What the server has logged so far. */
  log() {
    return readFileSync(join(this.#home, "log"), "utf8");
  }

  #urlOf(user, database) {
    return `postgres://${user}@127.0.0.1:${this.port}/${database}`;
  }

  async #answers() {
    return await run(join(this.#programs, "pg_isready"), [
      "-q",
      "-h",
      "127.0.0.1",
      "-p",
      String(this.port),
    ]).then(
      () => true,
      () => false,
    );
  }

  async #shutDown() {
    this.thaw();
    this.#process.ref();
    signal(this.pid, "SIGINT");
    await Promise.race([this.#ended, pause(STOP_MS, undefined, { ref: false })]);
    await this.kill();
  }

  /** The main process and all that it has started. */
  #pids() {
    const lines = execFileSync("ps", ["-A", "-o", "pid=,ppid="], { encoding: "utf8" }).trim().split("\n");
    const pairs = lines.map((line) => line.trim().split(/\s+/).map(Number));
    return [this.pid, ...pairs.filter(([, parent]) => parent === this.pid).map(([pid]) => pid)];
  }

  #clear() {
    signal(this.pid, "SIGCONT");
    signal(this.pid, "SIGQUIT");
    // The folder of somebody else stays, empty as it was.
    const paths = this.#isOurs ? [this.#home] : [this.#data, join(this.#home, "log")];
    for (const path of paths) rmSync(path, { recursive: true, force: true });
  }
}

function signal(pid, name) {
  try {
    process.kill(pid, name);
  } catch {
    // It has ended.
  }
}

function findPrograms() {
  const versions = existsSync(DEBIAN) ? readdirSync(DEBIAN).sort((a, b) => Number(b) - Number(a)) : [];
  const folders = [
    ...versions.map((version) => join(DEBIAN, version, "bin")),
    ...(process.env.PATH ?? "").split(delimiter),
  ];
  const needed = ["postgres", "initdb", "psql", "pg_isready"];
  return folders.find((folder) => needed.every((name) => existsSync(join(folder, name))));
}

function findUser() {
  try {
    const id = (option) => Number(execFileSync("id", [option, "postgres"], { encoding: "utf8" }));
    return { uid: id("-u"), gid: id("-g") };
  } catch {
    return undefined;
  }
}
