// Waiting for something that will be so, with an end to the patience; never for a time.
import {setImmediate, setTimeout} from 'node:timers/promises';

const DEFAULT_DEADLINE_MS = 20_000;
const BETWEEN_LOOKS_MS = 50;

// Looks until `look` gives something truthy, and returns it. What `look` throws counts as "not yet",
// and is told when the patience ends.
export async function until(what, look, deadline = DEFAULT_DEADLINE_MS) {
  const end = Date.now() + deadline;
  let last;
  do {
    try {
      const seen = await look();
      if (seen) return seen;
      last = undefined;
    } catch (error) {
      last = error;
    }
    await setTimeout(BETWEEN_LOOKS_MS);
  } while (Date.now() < end);
  throw new Error(`waited ${deadline} ms for ${what}`, {cause: last});
}

export async function within(milliseconds, what, promise) {
  const timer = new AbortController();
  const expiry = setTimeout(milliseconds, undefined, {signal: timer.signal}).then(() => {
    throw new Error(`waited ${milliseconds} ms for ${what}`);
  });
  try {
    return await Promise.race([promise, expiry]);
  } finally {
    timer.abort();
    expiry.catch(() => {});
    await setImmediate();
  }
}
