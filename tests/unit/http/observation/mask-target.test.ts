import { describe, expect, test } from "bun:test";
import { maskTarget } from "../../../../src/http/observation/mask-target.ts";

describe("a target that is written down", () => {
  test.each([
    ["/v2/", "/v2/"],
    ["/v2/token=1", "/v2/token=1"],
    ["/v2/?", "/v2/?"],
    ["/v2/_catalog?n=5&last=a=b", "/v2/_catalog?n=5&last=a=b"],
    ["/v2/?access_token=abc", "/v2/?access_token=***"],
    ["/v2/?n=1&TOKEN=a=b&m=2#c", "/v2/?n=1&TOKEN=***&m=2#c"],
    ["/v2/?token=a?b", "/v2/?token=***"],
    ["/v2/?a=1?token=b", "/v2/?a=1?token=***"],
    ["/v2/?a=1?code=b", "/v2/?a=1?code=***"],
    ["/v2/?x-amz-signature=a&X-Amz-Credential=b", "/v2/?x-amz-signature=***&X-Amz-Credential=***"],
    ["/v2/?passwd=a&my_password=b&client_secret=c", "/v2/?passwd=***&my_password=***&client_secret=***"],
    ["/v2/?code=a&Assertion=b&client_assertion=c", "/v2/?code=***&Assertion=***&client_assertion=***"],
    ["/sign-in/oidc/corp/callback?code=a&state=b&iss=c", "/sign-in/oidc/corp/callback?code=***&state=***&iss=c"],
    ["/v2/?postcode=a&codes=b", "/v2/?postcode=a&codes=b"],
    ["/v2/?_state=a&estate=b", "/v2/?_state=a&estate=b"],
    ["/v2/?token", "/v2/?token"],
    ["/token?pass%77ord=a&%63ode=b&to%6Ben=c&n%=d", "/token?pass%77ord=***&%63ode=***&to%6Ben=***&n%=d"],
    ["https://app.example/#a?token=b#c", "https://app.example/#a?token=***#c"],
  ])("%s is %s", (target, expected) => expect(maskTarget(target)).toBe(expected));

  // What takes more than time in proportion to the length would not be done before the test's time-out.
  test.each(["?token", "token", "?", "&", "=", "?token&", "?a=", "passw", "&code"])(
    "of the longest head, full of %j, is not tried again from each place",
    (piece) => {
      const target = `/${piece.repeat(1 + (64 * 1024) / piece.length)}`;
      expect(maskTarget(target)).toBe(target);
      expect(maskTarget(`${target}?token&token=secret`)).toBe(`${target}?token&token=***`);
    },
  );
});
