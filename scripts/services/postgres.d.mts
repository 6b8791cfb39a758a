export interface PostgresServer {
  readonly port: number;
  /** For a superuser without a password. */
  readonly url: string;
  /** The server's main process. */
  readonly pid: number | undefined;
  /** Starts a server that has ended, on the same data and port. `settings` replace those it had. */
  start(settings?: Readonly<Record<string, string>>): Promise<void>;
  /** Ends the server and removes its data. */
  stop(): Promise<void>;
  /** Shuts the server down, which ends its connections, and starts it again. */
  restart(settings?: Readonly<Record<string, string>>): Promise<void>;
  /** Kills all its processes. */
  kill(): Promise<void>;
  /** Stops all its processes where they are: connections stay open, and nothing is answered. */
  freeze(): void;
  thaw(): void;
  /** Runs SQL, each statement on its own, and gives what it returns: a line a row, with `|` between the columns. */
  sql(text: string, options?: { readonly user?: string; readonly database?: string }): Promise<string>;
  /** What the server has logged so far. */
  log(): string;
}

/** Whether there is a PostgreSQL server to start. */
export function isPostgresInstalled(): boolean;

/** Starts a server of its own: a fresh cluster on a free port of 127.0.0.1. It ends with this process at the latest. */
export function startPostgres(options?: {
  /** Settings of the server by name, such as `{ fsync: "on" }`. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Where to keep the cluster: an empty folder. Default is one in the temporary folder. */
  readonly dataDirectory?: string;
}): Promise<PostgresServer>;
