import { makeDerivedImage, makePopularImage, POPULAR_IMAGES, type LayeredImage } from "./layered-image.ts";
import { MIX_KINDS, MixClient, type MixKind } from "./mix-client.ts";
import { chooseOperation, makeRandom, type MixOperation } from "./mix-plan.ts";
import { answerLoad } from "./run-load.ts";

export interface RunMixInput {
  readonly port: number;
  readonly clients: number;
  readonly seconds: number;
  /** Operations come at this pace, whether the server keeps up or not; without it each client asks without a pause. */
  readonly operationsPerSecond?: number;
  /** Makes the images pushed in one round differ from every other round's, and chooses who wants what. */
  readonly seed: number;
}

export interface RunMixResult {
  readonly operations: number;
  /** Until the last operation was done. */
  readonly seconds: number;
  readonly pulledMegabytes: number;
  /** Milliseconds of every request and whole operation. */
  readonly latencies: Readonly<Record<MixKind, readonly number[]>>;
}

interface MixState {
  readonly input: RunMixInput;
  readonly images: readonly LayeredImage[];
  readonly random: () => number;
  readonly latencies: Record<MixKind, number[]>;
  operations: number;
  pulledBytes: number;
}

/** Pulls, pushes and polls as a fleet does, and times every request. */
async function runMix(input: RunMixInput): Promise<RunMixResult> {
  const latencies = Object.fromEntries(MIX_KINDS.map((kind) => [kind, []])) as unknown as Record<MixKind, number[]>;
  const images = Array.from({ length: POPULAR_IMAGES }, (_, number) => makePopularImage(number));
  const state: MixState = { input, images, random: makeRandom(input.seed), latencies, operations: 0, pulledBytes: 0 };
  const record = (kind: MixKind, milliseconds: number): void => void latencies[kind].push(milliseconds);
  const clients = await Promise.all(Array.from({ length: input.clients }, () => MixClient.open(input.port, record)));
  const startedAt = performance.now();
  const run = input.operationsPerSecond === undefined ? runWithoutPause : runAtPace;
  await run(state, clients, input.operationsPerSecond ?? 0);
  const seconds = (performance.now() - startedAt) / 1000;
  for (const client of clients) client.close();
  return { operations: state.operations, seconds, pulledMegabytes: state.pulledBytes / 1e6, latencies };
}

async function runWithoutPause(state: MixState, clients: readonly MixClient[]): Promise<void> {
  const endAt = performance.now() + state.input.seconds * 1000;
  const askUntilEnd = async (client: MixClient): Promise<void> => {
    while (performance.now() < endAt) await operate(state, client, performance.now());
  };
  await Promise.all(clients.map(askUntilEnd));
}

/** What is due while all clients are busy waits, and its waiting counts: a slow server cannot hide by being asked less. */
async function runAtPace(state: MixState, clients: readonly MixClient[], perSecond: number): Promise<void> {
  const startedAt = performance.now();
  const total = Math.round(state.input.seconds * perSecond);
  let next = 0;
  const takeTurns = async (client: MixClient): Promise<void> => {
    while (next < total) {
      const dueAt = startedAt + (next++ * 1000) / perSecond;
      const wait = dueAt - performance.now();
      if (wait > 0) await Bun.sleep(wait);
      await operate(state, client, Math.max(dueAt, wait > 0 ? performance.now() : dueAt));
    }
  };
  await Promise.all(clients.map(takeTurns));
}

async function operate(state: MixState, client: MixClient, dueAt: number): Promise<void> {
  const number = state.operations++;
  const { kind, image } = chooseOperation(state.random, state.images);
  await DO[kind](client, image, `b${state.input.seed}-${number}`);
  if (kind === "pull")
    state.pulledBytes += image.layers.reduce((sum, layer) => sum + layer.length, image.config.length);
  if (kind !== "poll") state.latencies[`whole ${kind}`].push(performance.now() - dueAt);
}

const DO: Record<MixOperation["kind"], (client: MixClient, image: LayeredImage, seed: string) => Promise<void>> = {
  pull: (client, image) => client.pull(image),
  push: (client, image, seed) => client.push(makeDerivedImage(image, seed)),
  poll: (client, image) => client.poll(image),
};

export type RunMix = typeof runMix;

await answerLoad(runMix);
