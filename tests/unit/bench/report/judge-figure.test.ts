import { describe, expect, test } from "bun:test";
import type { Target } from "../../../../bench/report/figure.ts";
import { judgeFigure, ratioBetween } from "../../../../bench/report/judge-figure.ts";
import { makeFigure } from "./figures.ts";

describe("judgeFigure", () => {
  test.each<[string, Target, number | undefined, boolean | undefined]>([
    ["a factor reached", { against: "docker-registry", bound: "at least", value: 31 }, 31, true],
    ["a factor missed", { against: "docker-registry", bound: "at least", value: 31.1 }, 31, false],
    ["a share of nginx", { against: "nginx", bound: "at least", value: 0.5 }, 31 / 61, true],
    ["an upper bound kept", { bound: "at most", value: 31_000 }, 31_000, true],
    ["an upper bound broken", { bound: "at most", value: 30_999 }, 31_000, false],
    ["a peer that was not measured", { against: "openssl", bound: "at least", value: 1 }, undefined, undefined],
  ])("judges %s", (_what, target, reached, met) => {
    const [judgement] = judgeFigure(makeFigure({ targets: [target] }));
    expect(judgement?.reached).toEqual(reached);
    expect(judgement?.met).toEqual(met);
  });

  test("judges every target of a figure in order", () => {
    const targets: Target[] = [
      { bound: "at least", value: 1 },
      { bound: "at most", value: 1 },
    ];
    expect(judgeFigure(makeFigure({ targets })).map(({ met }) => met)).toEqual([true, false]);
  });
});

test("there is no ratio to nothing", () => {
  expect(ratioBetween(makeFigure({ samples: { berth: [1], nginx: [0] } }), "berth", "nginx")).toBeUndefined();
  expect(ratioBetween(makeFigure({ samples: { berth: [1], nginx: [] } }), "berth", "nginx")).toBeUndefined();
});
