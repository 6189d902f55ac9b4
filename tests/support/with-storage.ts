import type { Registry } from "../../src/registry/index.ts";
import type { StorageDriver } from "../../src/storage/index.ts";

/** The same registry, with something that happens in its storage. */
export function withStorage(registry: Registry, changes: Partial<StorageDriver>): Registry {
  const storage = new Proxy(registry.storage, {
    get(target, name) {
      const change = changes[name as keyof StorageDriver];
      if (change !== undefined) return change;
      const own: unknown = Reflect.get(target, name);
      return typeof own === "function" ? (own.bind(target) as unknown) : own;
    },
  });
  return { ...registry, storage };
}
