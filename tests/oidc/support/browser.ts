/** An answer that is shown: none that sends the browser on. */
export interface Shown {
  readonly url: URL;
  readonly status: number;
  readonly text: string;
  readonly headers: Headers;
}

/** A browser as far as sign-in needs one: cookies, redirects, forms. */
export class Browser {
  /** By host, as browsers do, whatever the port. */
  readonly #cookies = new Map<string, Map<string, string>>();
  /** All URLs that were asked for. */
  readonly history: URL[] = [];
  /** Gets each URL before it is asked for, and may change it. `undefined` stops there. */
  onVisit: (url: URL) => URL | undefined = (url) => url;

  cookie(name: string): string | undefined {
    return this.#cookies.get("127.0.0.1")?.get(name);
  }

  setCookie(name: string, value: string): void {
    this.#jarOf("127.0.0.1").set(name, value);
  }

  /** Follows redirects; the first answer that is none is shown. */
  async visit(target: string | URL, init: BunFetchRequestInit = {}): Promise<Shown> {
    let [next, sent] = [new URL(target), init];
    for (let hop = 0; hop < 20; hop++) {
      const url = this.onVisit(next);
      if (!url) return { url: next, status: 0, text: "", headers: new Headers() };
      this.history.push(url);
      const response = await this.#send(url, sent);
      const location = response.headers.get("location");
      if (response.status < 300 || response.status > 399 || location === null)
        return { url, status: response.status, text: await response.text(), headers: response.headers };
      [next, sent] = [new URL(location, url), {}];
    }
    throw new Error("too many redirects");
  }

  /** Sends the form of a page. */
  submit(page: Shown, fields: Readonly<Record<string, string>>): Promise<Shown> {
    const action = /action="([^"]+)"/.exec(page.text)?.[1];
    if (action === undefined) throw new Error(`no form at ${page.url.href}: ${page.text.slice(0, 500)}`);
    const hidden = [...page.text.matchAll(/type="hidden" name="([^"]+)" value="([^"]+)"/g)].map(
      ([, name = "", value = ""]) => [name, value] as const,
    );
    const body = new URLSearchParams({ ...Object.fromEntries(hidden), ...fields });
    return this.visit(new URL(action, page.url), { method: "POST", body });
  }

  /** Does what the provider's pages ask for, until the browser is back somewhere else. */
  async signInAtProvider(page: Shown, name: string): Promise<Shown> {
    let shown = page;
    for (let step = 0; step < 4 && shown.url.pathname.startsWith("/interaction/"); step++) {
      const isLogin = shown.text.includes('name="login"');
      shown = await this.submit(
        shown,
        isLogin ? { prompt: "login", login: name, password: "x" } : { prompt: "consent" },
      );
    }
    return shown;
  }

  async #send(url: URL, init: BunFetchRequestInit): Promise<Response> {
    const jar = this.#jarOf(url.hostname);
    const headers = new Headers(init.headers);
    headers.set("Cookie", [...jar].map(([name, value]) => `${name}=${value}`).join("; "));
    const response = await fetch(url, { ...init, headers, redirect: "manual", keepalive: false });
    for (const cookie of response.headers.getSetCookie()) {
      const [pair = "", ...attributes] = cookie.split(";").map((part) => part.trim());
      const [name, value] = [pair.slice(0, pair.indexOf("=")), pair.slice(pair.indexOf("=") + 1)];
      const isGone = attributes.some((text) => /^(?:max-age=0|expires=Thu, 01 Jan 1970)/i.test(text));
      if (isGone) jar.delete(name);
      else jar.set(name, value);
    }
    return response;
  }

  #jarOf(host: string): Map<string, string> {
    const jar = this.#cookies.get(host) ?? new Map<string, string>();
    this.#cookies.set(host, jar);
    return jar;
  }
}
