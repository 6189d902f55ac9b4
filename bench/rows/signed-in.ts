import { join } from "node:path";
import type { BenchRun } from "../bench-run.ts";
import { runWrk } from "../load/run-wrk.ts";
import type { Peer } from "../peers/peer.ts";
import type { Figure } from "../report/figure.ts";
import type { Row } from "./row.ts";
import { pushSeedImages, seedImages } from "./seed-images.ts";

const WAYS = ["nobody", "basic", "bearer"] as const;

type Way = (typeof WAYS)[number];

const TITLES: Readonly<Record<Way, string>> = {
  nobody: "where nobody signs in",
  basic: "with Basic, users of htpasswd",
  bearer: "with a bearer token",
};

const USER = "bench";
const PASSWORD = "correct horse battery staple";
/** The rate with a sign-in as a share of that without. */
const LEAST_SHARE = 0.85;
const CONNECTIONS = 32;

/** What it costs to know who asks: the same GETs where nobody signs in, with a password and with a token. */
export const signedIn: Row = {
  id: "signed-in",
  measure: async (run) => {
    const { manifests } = await seedImages(run);
    const pathsFile = join(run.folder, "signed-in-paths.txt");
    await Bun.write(pathsFile, manifests.join("\n"));
    const askers: Asker[] = [];
    for (const way of WAYS) askers.push(await startAsked(run, way));
    const rates = new Map<Way, number[]>(WAYS.map((way) => [way, []]));
    for (let round = -1; round < run.pace.rounds; round++)
      for (const { way, peer, authorization } of askers) {
        const seconds = round < 0 ? run.pace.warmUpSeconds : run.pace.secondsPerRound;
        const headers = authorization === undefined ? [] : [`Authorization: ${authorization}`];
        const wrk = await runWrk({ peer, method: "GET", pathsFile, connections: CONNECTIONS, seconds, headers });
        if (round >= 0) rates.get(way)?.push(wrk.requests / wrk.seconds);
      }
    await Promise.all(askers.map(({ peer }) => peer.stop()));
    return figuresOf(rates);
  },
};

interface Asker {
  readonly way: Way;
  readonly peer: Peer;
  readonly authorization: string | undefined;
}

/** Filled while everybody may push, then started again for those who sign in. */
async function startAsked(run: BenchRun, way: Way): Promise<Asker> {
  const folder = `berth-signed-in-${way}`;
  const open = await run.startRegistry("berth", folder, { processes: 1 });
  await pushSeedImages(open);
  if (way === "nobody") return { way, peer: open, authorization: undefined };
  await open.stop();
  const htpasswd = join(run.folder, folder, "htpasswd");
  await Bun.write(htpasswd, `${USER}:${await Bun.password.hash(PASSWORD, { algorithm: "bcrypt", cost: 5 })}\n`);
  const file = `htpasswd: {path: ${JSON.stringify(htpasswd)}}`;
  // First with the file alone, which gives its users everything.
  const basicPeer = await run.startRegistry("berth", folder, { processes: 1, auth: `{${file}}` });
  const basic = `Basic ${Buffer.from(`${USER}:${PASSWORD}`).toString("base64")}`;
  if (way === "basic") return { way, peer: basicPeer, authorization: basic };
  await fetch(`${basicPeer.origin}/v2/`, { headers: { authorization: basic } });
  await basicPeer.stop();
  const peer = await run.startRegistry("berth", folder, { processes: 1, auth: `{${file}, accounts: {}}` });
  const scope = encodeURIComponent("repository:bench/app:pull");
  const asked = await fetch(`${peer.origin}/token?service=berth&scope=${scope}`, { headers: { authorization: basic } });
  const { token } = (await asked.json()) as { readonly token: string };
  return { way, peer, authorization: `Bearer ${token}` };
}

function figuresOf(rates: ReadonlyMap<Way, readonly number[]>): readonly Figure[] {
  const without = rates.get("nobody") ?? [];
  return WAYS.flatMap((way): Figure[] => {
    const samples = rates.get(way) ?? [];
    const rate: Figure = {
      id: `signed-in-${way}`,
      title: `manifest GET by tag, ${TITLES[way]}`,
      unit: "requests/s",
      better: "higher",
      samples: { berth: samples },
      targets: [],
      notes: [],
    };
    if (way === "nobody") return [rate];
    const share: Figure = {
      ...rate,
      id: `signed-in-${way}-share`,
      unit: "of the rate where nobody signs in",
      samples: { berth: samples.map((value, round) => value / (without[round] ?? Number.NaN)) },
      targets: [{ bound: "at least", value: LEAST_SHARE }],
    };
    return [rate, share];
  });
}
