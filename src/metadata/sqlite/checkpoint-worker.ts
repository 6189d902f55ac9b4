import { Database } from "bun:sqlite";
import { checkpoint } from "./checkpoint.ts";
import type { CheckpointReply, CheckpointRequest } from "./checkpoint-thread.ts";

/** The program of the checkpoint thread. An entry point of its own: a compiled executable has to be built with it. */
declare const self: Worker;

/** This thread may wait for a reader or writer; everybody who writes waits for it then. */
const LOCK_WAIT_MS = 100;

let connection: Database | undefined;

self.addEventListener("message", ({ data }: MessageEvent<CheckpointRequest>) => {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a worker's has none
  self.postMessage(answer(data));
});

function answer(request: CheckpointRequest): CheckpointReply {
  try {
    if (request.kind === "checkpoint") {
      connection ??= openConnection(request.path);
      const done = checkpoint(connection, request.mode);
      if (request.mode === "restart" && !done.isBusy) beginLog(connection);
      return { kind: "done", checkpoint: done };
    }
    connection?.close();
    return { kind: "closed" };
  } catch (error) {
    return { kind: "failed", message: error instanceof Error ? error.message : String(error) };
  }
}

/** Whoever writes first into a log that begins anew waits for its head to be on the disk: this thread may. */
function beginLog(connection: Database): void {
  const [row] = connection.query<unknown, []>("pragma user_version").values();
  connection.run(`pragma user_version = ${Number(row?.[0])}`);
}

function openConnection(path: string): Database {
  const connection = new Database(path, { readwrite: true });
  connection.run(`pragma busy_timeout = ${LOCK_WAIT_MS}`);
  // The log is synced before a page of it is moved, and the database before the log begins anew.
  connection.run("pragma synchronous = normal");
  return connection;
}
