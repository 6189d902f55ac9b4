import { z } from "zod";
import { jsonAnswer } from "../answer.ts";
import { ACCESS_ROUTES } from "./resources/access.ts";
import { APPROVAL_ROUTES } from "./resources/approvals.ts";
import { AUDIT_ROUTES } from "./resources/audit.ts";
import { BIN_ROUTES } from "./resources/bin.ts";
import { DELETION_ROUTES } from "./resources/deletions.ts";
import { GRANT_ROUTES } from "./resources/grants.ts";
import { GROUP_ROUTES } from "./resources/groups.ts";
import { IN_USE_ROUTES } from "./resources/in-use.ts";
import { JOB_ROUTES } from "./resources/jobs.ts";
import { MAINTENANCE_ROUTES } from "./resources/maintenance.ts";
import { KEEP_ROUTES } from "./resources/keeps.ts";
import { ME_ROUTES } from "./resources/me.ts";
import { MOVE_ROUTES } from "./resources/moves.ts";
import { NAMESPACE_ROUTES } from "./resources/namespaces.ts";
import { SERVICE_ROUTES } from "./resources/about.ts";
import { QUOTA_ROUTES } from "./resources/quotas.ts";
import { RENAME_ROUTES } from "./resources/renames.ts";
import { RETENTION_ROUTES } from "./resources/retention.ts";
import { SETTING_ROUTES } from "./resources/settings.ts";
import { ROBOT_SECRET_ROUTES } from "./resources/robot-secrets.ts";
import { ROBOT_ROUTES } from "./resources/robots.ts";
import { USAGE_ROUTES } from "./resources/usage.ts";
import { TAG_MOVE_ROUTES } from "./resources/tag-moves.ts";
import { TAG_ROUTES } from "./resources/tags.ts";
import { USER_ROUTES } from "./resources/users.ts";
import { type ApiRoute, defineRoute } from "./route.ts";

const OPENAPI_ROUTE = defineRoute({
  method: "GET",
  path: "/openapi.json",
  tag: "service",
  summary: "Describe the API: this document",
  permission: "open",
  response: z.looseObject({ openapi: z.string() }),
  async handle({ parts }) {
    // What describes is larger than what answers, and seldom asked for.
    const { describeApi } = await import("./openapi.ts");
    return jsonAnswer(describeApi(ROUTES, parts.service.version), { "Cache-Control": "no-cache" });
  },
});

/** Everything that can be asked of the management API, and who may. */
export const ROUTES: readonly ApiRoute[] = [
  OPENAPI_ROUTE,
  ...SERVICE_ROUTES,
  ...ME_ROUTES,
  ...USER_ROUTES,
  ...GROUP_ROUTES,
  ...ROBOT_ROUTES,
  ...ROBOT_SECRET_ROUTES,
  ...NAMESPACE_ROUTES,
  ...USAGE_ROUTES,
  ...SETTING_ROUTES,
  ...QUOTA_ROUTES,
  ...RETENTION_ROUTES,
  ...TAG_ROUTES,
  ...TAG_MOVE_ROUTES,
  ...DELETION_ROUTES,
  ...KEEP_ROUTES,
  ...APPROVAL_ROUTES,
  ...MOVE_ROUTES,
  ...RENAME_ROUTES,
  ...BIN_ROUTES,
  ...IN_USE_ROUTES,
  ...MAINTENANCE_ROUTES,
  ...GRANT_ROUTES,
  ...ACCESS_ROUTES,
  ...JOB_ROUTES,
  ...AUDIT_ROUTES,
];
