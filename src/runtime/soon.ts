/** There already, or later. What is often there already need not cost a wait, of which a small request has a dozen otherwise. */
export type Soon<T> = T | Promise<T>;

/** Goes on with a value: at once if it is there. */
export function whenThere<T, R>(value: Soon<T>, use: (value: T) => Soon<R>): Soon<R> {
  return value instanceof Promise ? value.then(use) : use(value);
}
