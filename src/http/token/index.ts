/** Where clients get their tokens: `/token`, and `/token/jwks` with the keys behind them. */
export { respondKeySet } from "./key-set-page.ts";
export { createTokenDoor } from "./token-door.ts";
