/** Enough for texts of some hundred characters; a target that asks a server should not be asked for ever. */
const MOST_TRIES = 1500;

/** What was found because it takes long takes as long again at each try. */
const MOST_MS = 30_000;

/** Makes a text smaller as long as it still fails: leaves out ever smaller parts, then makes what is left plain. */
export async function shrink(text: string, fails: (candidate: string) => Promise<boolean>): Promise<string> {
  let tries = 0;
  let smallest = text;
  const endMs = performance.now() + MOST_MS;
  const isSpent = () => tries >= MOST_TRIES || performance.now() > endMs;
  const attempt = async (candidate: string) => {
    tries += 1;
    if (await fails(candidate)) smallest = candidate;
  };
  for (let length = Math.ceil(text.length / 2); length >= 1 && !isSpent(); length = Math.floor(length / 2)) {
    for (let place = smallest.length - length; place >= 0 && !isSpent(); place -= length)
      await attempt(smallest.slice(0, place) + smallest.slice(place + length));
  }
  for (let place = 0; place < smallest.length && !isSpent(); place++)
    if (/[^a0]/.test(smallest.charAt(place))) await attempt(`${smallest.slice(0, place)}a${smallest.slice(place + 1)}`);
  return smallest;
}
