// Starts nginx in front of some servers: on a free port of 127.0.0.1, with all its files in a temporary folder.
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

import { freePort } from "../../scripts/services/free-port.mjs";

/** Debian has it where only root looks for programs. */
const program = ["nginx", "/usr/sbin/nginx"].find((path) => spawnSync(path, ["-v"]).status === 0);

export const isNginxInstalled = program !== undefined;

/** @returns its base URL, and `stop()`, which ends it. */
export async function startNginx(upstreams) {
  const folder = await mkdtemp(join(tmpdir(), "signet-nginx-"));
  const port = await freePort();
  const config = join(folder, "nginx.conf");
  await writeFile(config, configText(folder, port, upstreams));
  const child = spawn(program, ["-p", folder, "-c", config, "-e", join(folder, "error.log")], {
    stdio: "ignore",
  });
  const exited = once(child, "exit");
  const url = new URL(`http://127.0.0.1:${port}`);
  for (;;) {
    if (child.exitCode !== null) {
      throw new Error(`nginx did not start:\n${await readFile(join(folder, "error.log"), "utf8")}`);
    }
    const isUp = await fetch(new URL("/health", url)).then(
      (response) => response.ok,
      () => false,
    );
    if (isUp) break;
    await pause(20);
  }
  const stop = async () => {
    child.kill();
    await exited;
    await rm(folder, { recursive: true });
  };
  return { url, stop };
}

function configText(folder, port, upstreams) {
  return `
${process.getuid?.() === 0 ? "user root;" : ""}
daemon off;
worker_processes 1;
pid ${folder}/nginx.pid;
events {}
http {
  access_log off;
  client_body_temp_path ${folder}/body;
  proxy_temp_path ${folder}/proxy;
  fastcgi_temp_path ${folder}/fastcgi;
  uwsgi_temp_path ${folder}/uwsgi;
  scgi_temp_path ${folder}/scgi;

  # In turn, over connections that stay open.
  upstream replicas {
${upstreams.map(({ host }) => `    server ${host};`).join("\n")}
    keepalive 32;
  }
  server {
    listen 127.0.0.1:${port};
    client_max_body_size 4m;
    location / {
      proxy_pass http://replicas;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
    }
  }
}
`;
}
