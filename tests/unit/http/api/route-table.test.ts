import { describe, expect, test } from "bun:test";
import { renderApiDescription } from "../../../../scripts/generate-docs.ts";
import { describeApi } from "../../../../src/http/api/openapi.ts";
import type { ApiRoute } from "../../../../src/http/api/route.ts";
import { ROUTES } from "../../../../src/http/api/routes.ts";

interface Operation {
  readonly operationId: string;
  readonly description: string;
  readonly security?: readonly unknown[];
  readonly parameters?: readonly { readonly name: string; readonly in: string }[];
  readonly requestBody?: object;
  readonly responses: Readonly<Record<string, object>>;
}

const document = describeApi(ROUTES, "1.2.3") as {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
};

function operationOf({ method, path }: ApiRoute): Operation | undefined {
  return document.paths[path]?.[method.toLowerCase()];
}

const each = ROUTES.map((route) => [`${route.method} ${route.path}`, route] as const);

describe("the table of routes", () => {
  test("has each once", () => expect(new Set(each.map(([name]) => name)).size).toBe(ROUTES.length));

  test("has an operation for each, and no other", () => {
    const described = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    );
    expect(described.toSorted()).toEqual(each.map(([name]) => name).toSorted());
  });

  test("names each operation differently", () => {
    const ids = ROUTES.map((route) => operationOf(route)?.operationId);
    expect(ids.filter((id, index) => ids.indexOf(id) !== index)).toEqual([]);
  });
});

test("docs/reference/openapi.json is current: scripts/generate-docs.ts writes it", async () => {
  const page = Bun.file(new URL("../../../../docs/reference/openapi.json", import.meta.url));
  expect(await page.text()).toBe(renderApiDescription());
});

test("only what tells nothing of anybody is open to everybody", () => {
  const open = ROUTES.filter(({ permission }) => permission === "open").map(({ method, path }) => `${method} ${path}`);
  expect(open.toSorted()).toEqual(["GET /openapi.json", "GET /service"]);
});

test("a field that is not known is refused", () => {
  const schemas = ROUTES.flatMap(({ query, params, body }) => [query, params, body]).filter(
    (each) => each !== undefined,
  );
  expect(schemas.length).toBeGreaterThan(ROUTES.length / 2);
  for (const schema of schemas)
    expect(schema.safeParse({ "no such field": 1 }).error?.issues.map(({ code }) => code)).toContain(
      "unrecognized_keys",
    );
});

describe.each(each)("%s", (_, route) => {
  test("takes the parameters of its path", () => {
    const inPath = [...route.path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name ?? "");
    expect(Object.keys(route.params?.shape ?? {}).toSorted()).toEqual(inPath.toSorted());
    const described = operationOf(route)?.parameters?.filter((parameter) => parameter.in === "path") ?? [];
    expect(described.map(({ name }) => name).toSorted()).toEqual(inPath.toSorted());
  });

  test("changes nothing by GET, and something is asked of who changes", () => {
    if (route.method === "GET") expect(route.body).toBeUndefined();
    else expect(route.permission).not.toBe("open");
  });
});
