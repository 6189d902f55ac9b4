/** How many requests clients may make, counted in the memory of this process. What is asked and answered is others' business. */
export type { RateLimitOptions } from "./options.ts";
export { type CountedPull, RateLimits } from "./rate-limits.ts";
