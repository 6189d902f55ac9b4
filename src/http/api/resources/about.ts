import { type ApiRoute, defineRoute } from "../route.ts";
import { service } from "../schemas/about.ts";

export const SERVICE_ROUTES: readonly ApiRoute[] = [
  defineRoute({
    method: "GET",
    path: "/service",
    tag: "service",
    summary: "Say which version serves, and how to sign in",
    permission: "open",
    response: service,
    async handle({ parts }) {
      const { version, signIn } = parts.service;
      const ways = signIn.map(({ startUrl = null, ...way }) => ({ ...way, startUrl }));
      return { body: { name: "berth" as const, version, signIn: ways } };
    },
  }),
];
