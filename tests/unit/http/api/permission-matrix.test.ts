import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { type AccessLimit, GRANTABLE_ACTIONS } from "../../../../src/access/index.ts";
import { createFindRoute } from "../../../../src/http/api/find-route.ts";
import { ROUTES } from "../../../../src/http/api/routes.ts";
import {
  ensureRepository,
  findTag,
  insertGrant,
  insertJob,
  insertRobotTrust,
  insertSecret,
  type MetadataDatabase,
  type NewAccount,
  openDeleteRequest,
  putClusterReport,
  putGroupMapping,
  putNodeSetting,
  putKeep,
  putManifest,
  putManifestIntoBin,
  putTag,
  type Queries,
  recordTagChange,
  renameRepository,
  type SecretKind,
} from "../../../../src/metadata/index.ts";
import { OCI_IMAGE_INDEX, parseManifest, type RepositoryName, type Tag } from "../../../../src/oci/index.ts";
import { findRequestTarget } from "../../../../src/registry/approvals/request-target.ts";
import { imageIndex } from "../../../support/oci-content.ts";
import { type ApiUnderTest, type Asked, openApi, type Rows } from "./api-under-test.ts";

/** Who asks; each role is one on the node `team`. */
const ASKERS = [
  "nobody",
  "stranger",
  "strange robot",
  "reader",
  "writer",
  "maintainer",
  "owner",
  /** An administrator whose password must be changed. */
  "newcomer",
  /** A personal token of the administrator that is good for every action everywhere, */
  "token",
  /** and one that is good for every action on another node. */
  "token elsewhere",
  "auditor",
  "administrator",
] as const;

type Asker = (typeof ASKERS)[number];

/**
 * What becomes of every request, in the columns of `ASKERS`: `y` it is done, `c` asked to sign in, `d` denied, `p` told to change
 * the password, `n` answered as what is not there. What is about `team` has three letters, for a public, an internal and a private one.
 * Behind `·` stands what sets requests by one route apart.
 */
// oxfmt-ignore
const MATRIX = {
  //                                                       nob.  stra. robot read. writ. maint owner newc. token else. audit admin
  "GET /openapi.json":                                    "y     y     y     y     y     y     y     y     y     y     y     y",
  "GET /service":                                         "y     y     y     y     y     y     y     y     y     y     y     y",

  "GET /me":                                              "c     y     y     y     y     y     y     y     y     y     y     y",
  "GET /me/permissions":                                  "ccc   yyn   ynn   yyy   yyy   yyy   yyy   yyy   yyy   nnn   yyy   yyy",
  "PUT /me/password":                                     "c     y     d     y     y     y     y     y     d     d     y     y",
  "GET /me/tokens":                                       "c     y     d     y     y     y     y     p     d     d     y     y",
  "POST /me/tokens":                                      "c     y     d     y     y     y     y     p     d     d     y     y",
  "DELETE /me/tokens/{id}":                               "c     y     d     y     y     y     y     p     d     d     y     y",

  "GET /users":                                           "c     d     d     d     d     d     d     p     d     d     y     y",
  "POST /users":                                          "c     d     d     d     d     d     d     p     d     d     d     y",
  "GET /users/{name} · oneself":                          "c     d     d     d     d     d     d     p     d     d     y     y",
  "GET /users/{name} · another":                          "c     d     d     d     d     d     d     p     d     d     y     y",
  "PATCH /users/{name} · oneself":                        "c     d     d     d     d     d     d     p     d     d     d     y",
  "PATCH /users/{name} · another":                        "c     d     d     d     d     d     d     p     d     d     d     y",
  "DELETE /users/{name} · oneself":                       "c     d     d     d     d     d     d     p     d     d     d     y",
  "DELETE /users/{name} · another":                       "c     d     d     d     d     d     d     p     d     d     d     y",
  "PUT /users/{name}/password · oneself":                 "c     d     d     d     d     d     d     p     d     d     d     y",
  "PUT /users/{name}/password · another":                 "c     d     d     d     d     d     d     p     d     d     d     y",
  "GET /users/{name}/groups · oneself":                   "c     d     d     d     d     d     d     p     d     d     y     y",
  "GET /users/{name}/groups · another":                   "c     d     d     d     d     d     d     p     d     d     y     y",
  "GET /users/{name}/tokens · oneself":                   "c     d     d     d     d     d     d     p     d     d     y     y",
  "GET /users/{name}/tokens · another":                   "c     d     d     d     d     d     d     p     d     d     y     y",
  "DELETE /users/{name}/tokens/{id} · oneself":           "c     d     d     d     d     d     d     p     d     d     d     y",
  "DELETE /users/{name}/tokens/{id} · another":           "c     d     d     d     d     d     d     p     d     d     d     y",

  "GET /groups":                                          "c     d     d     d     d     d     d     p     d     d     y     y",
  "POST /groups":                                         "c     d     d     d     d     d     d     p     d     d     d     y",
  "GET /groups/{name}":                                   "c     d     d     d     d     d     d     p     d     d     y     y",
  "PATCH /groups/{name}":                                 "c     d     d     d     d     d     d     p     d     d     d     y",
  "DELETE /groups/{name}":                                "c     d     d     d     d     d     d     p     d     d     d     y",
  "GET /groups/{name}/members":                           "c     d     d     d     d     d     d     p     d     d     y     y",
  "PUT /groups/{name}/members/{member} · oneself":        "c     d     d     d     d     d     d     p     d     d     d     y",
  "PUT /groups/{name}/members/{member} · another":        "c     d     d     d     d     d     d     p     d     d     d     y",
  "DELETE /groups/{name}/members/{member} · oneself":     "c     d     d     d     d     d     d     p     d     d     d     y",
  "DELETE /groups/{name}/members/{member} · another":     "c     d     d     d     d     d     d     p     d     d     d     y",
  "GET /groups/{name}/mappings":                          "c     d     d     d     d     d     d     p     d     d     y     y",
  "PUT /groups/{name}/mappings":                          "c     d     d     d     d     d     d     p     d     d     d     y",
  "DELETE /groups/{name}/mappings":                       "c     d     d     d     d     d     d     p     d     d     d     y",

  "GET /robots":                                          "c     d     d     d     d     d     d     p     d     d     y     y",
  "GET /namespaces/{path}/robots":                        "ccc   ddn   dnn   ddd   ddd   yyy   yyy   ppp   yyy   nnn   yyy   yyy",
  "POST /namespaces/{path}/robots":                       "ccc   ddn   dnn   ddd   ddd   yyy   yyy   ppp   ddd   ddd   ddd   yyy",
  "GET /robots/{name}":                                   "ccc   ddn   dnn   ddd   ddd   yyy   yyy   ppp   yyy   nnn   yyy   yyy",
  "PATCH /robots/{name}":                                 "ccc   ddn   dnn   ddd   ddd   yyy   yyy   ppp   ddd   ddd   ddd   yyy",
  "DELETE /robots/{name}":                                "ccc   ddn   dnn   ddd   ddd   yyy   yyy   ppp   ddd   ddd   ddd   yyy",
  "GET /robots/{name}/secrets":                           "ccc   ddn   dnn   ddd   ddd   yyy   yyy   ppp   yyy   nnn   yyy   yyy",
  "POST /robots/{name}/secrets":                          "ccc   ddn   dnn   ddd   ddd   yyy   yyy   ppp   ddd   ddd   ddd   yyy",
  "DELETE /robots/{name}/secrets/{id}":                   "ccc   ddn   dnn   ddd   ddd   yyy   yyy   ppp   ddd   ddd   ddd   yyy",
  "GET /robots/{name}/trusts":                            "ccc   ddn   dnn   ddd   ddd   yyy   yyy   ppp   yyy   nnn   yyy   yyy",
  "POST /robots/{name}/trusts":                           "ccc   ddn   dnn   ddd   ddd   yyy   yyy   ppp   ddd   ddd   ddd   yyy",
  "DELETE /robots/{name}/trusts/{id}":                    "ccc   ddn   dnn   ddd   ddd   yyy   yyy   ppp   ddd   ddd   ddd   yyy",

  "GET /namespaces · of the root":                        "ccc   yyn   ynn   yyy   yyy   yyy   yyy   ppp   ddd   ddd   yyy   yyy",
  "GET /namespaces · of the node":                        "ccc   yyn   ynn   yyy   yyy   yyy   yyy   ppp   ddd   ddd   yyy   yyy",
  "GET /namespaces/{path}":                               "ccc   yyn   ynn   yyy   yyy   yyy   yyy   ppp   yyy   nnn   yyy   yyy",
  "PUT /namespaces/{path} · as it is":                    "ccc   ddn   dnn   ddd   ddd   yyy   yyy   ppp   ddd   ddd   ddd   yyy",
  "PUT /namespaces/{path} · begun below":                 "ccc   ddn   dnn   ddd   ddd   ddd   yyy   ppp   ddd   ddd   ddd   yyy",
  "DELETE /namespaces/{path}":                            "ccc   ddn   dnn   ddd   ddd   ddd   yyy   ppp   ddd   ddd   ddd   yyy",
  "GET /namespaces/{path}/usage":                         "ccc   ddn   dnn   ddd   ddd   yyy   yyy   ppp   yyy   nnn   yyy   yyy",
  "GET /namespaces/{path}/usage/export":                  "ccc   ddn   dnn   ddd   ddd   yyy   yyy   ppp   yyy   nnn   yyy   yyy",
  "GET /namespaces/{path}/storage":                       "ccc   ddn   dnn   ddd   ddd   yyy   yyy   ppp   yyy   nnn   yyy   yyy",
  "GET /namespaces/{path}/byte-hours":                    "ccc   ddn   dnn   ddd   ddd   yyy   yyy   ppp   yyy   nnn   yyy   yyy",
  "GET /namespaces/{path}/byte-hours/export":             "ccc   ddn   dnn   ddd   ddd   yyy   yyy   ppp   yyy   nnn   yyy   yyy",
  "GET /namespaces/{path}/members":                       "ccc   ddn   dnn   ddd   ddd   yyy   yyy   ppp   yyy   nnn   yyy   yyy",
  "PUT /namespaces/{path}/members/{subject} · oneself":   "ccc   ddn   dnn   ddd   ddd   ddd   yyy   ppp   ddd   ddd   ddd   yyy",
  "PUT /namespaces/{path}/members/{subject} · another":   "ccc   ddn   dnn   ddd   ddd   yyy   yyy   ppp   ddd   ddd   ddd   yyy",
  "DELETE /namespaces/{path}/members/{subject} · oneself":"ccc   ddn   dnn   ddd   ddd   yyy   yyy   ppp   ddd   ddd   ddd   yyy",
  "DELETE /namespaces/{path}/members/{subject} · another":"ccc   ddn   dnn   ddd   ddd   yyy   yyy   ppp   ddd   ddd   ddd   yyy",
  "GET /namespaces/{path}/settings":                     "ccc   ddn   dnn   ddd   ddd   yyy   yyy   ppp   yyy   nnn   yyy   yyy",
  "GET /namespaces/{path}/settings/{setting}":           "ccc   ddn   dnn   ddd   ddd   yyy   yyy   ppp   yyy   nnn   yyy   yyy",
  "PUT /namespaces/{path}/settings/immutable-tags":      "ccc   ddn   dnn   ddd   ddd   yyy   yyy   ppp   ddd   ddd   ddd   yyy",
  "PUT /namespaces/{path}/settings/kept-tags":           "ccc   ddn   dnn   ddd   ddd   yyy   yyy   ppp   ddd   ddd   ddd   yyy",
  "PUT /namespaces/{path}/settings/keep-labels":         "ccc   ddn   dnn   ddd   ddd   yyy   yyy   ppp   ddd   ddd   ddd   yyy",
  "PUT /namespaces/{path}/settings/untagged":            "ccc   ddn   dnn   ddd   ddd   yyy   yyy   ppp   ddd   ddd   ddd   yyy",
  "PUT /namespaces/{path}/settings/protected":           "ccc   ddn   dnn   ddd   ddd   yyy   yyy   ppp   ddd   ddd   ddd   yyy",
  "PUT /namespaces/{path}/settings/retention":           "ccc   ddn   dnn   ddd   ddd   yyy   yyy   ppp   ddd   ddd   ddd   yyy",
  "PUT /namespaces/{path}/settings/delete-approval":     "ccc   ddn   dnn   ddd   ddd   ddd   ddd   ppp   ddd   ddd   ddd   yyy",
  "PUT /namespaces/{path}/settings/redirect":            "ccc   ddn   dnn   ddd   ddd   yyy   yyy   ppp   ddd   ddd   ddd   yyy",
  "PUT /namespaces/{path}/settings/quota":               "ccc   ddn   dnn   ddd   ddd   ddd   ddd   ppp   ddd   ddd   ddd   yyy",
  "GET /namespaces/{path}/quota":                        "ccc   ddn   dnn   ddd   ddd   yyy   yyy   ppp   yyy   nnn   yyy   yyy",
  "DELETE /namespaces/{path}/settings/{setting}":        "ccc   ddn   dnn   ddd   ddd   yyy   yyy   ppp   ddd   ddd   ddd   yyy",
  "GET /namespaces/{path}/retention":                    "ccc   ddn   dnn   ddd   ddd   yyy   yyy   ppp   yyy   nnn   yyy   yyy",
  "GET /namespaces/{path}/retention/simulation":         "ccc   ddn   dnn   ddd   ddd   yyy   yyy   ppp   yyy   nnn   yyy   yyy",

  "GET /repositories/{name}/tags":                        "ccc   yyn   ynn   yyy   yyy   yyy   yyy   ppp   yyy   nnn   yyy   yyy",
  "GET /repositories/{name}/tags/{tag}":                  "ccc   yyn   ynn   yyy   yyy   yyy   yyy   ppp   yyy   nnn   yyy   yyy",
  "GET /repositories/{name}/tags/{tag}/history":          "ccc   yyn   ynn   yyy   yyy   yyy   yyy   ppp   yyy   nnn   yyy   yyy",
  "POST /repositories/{name}/tags/{tag}/rollback":        "ccc   ddn   dnn   ddd   yyy   yyy   yyy   ppp   ddd   ddd   ddd   yyy",
  "GET /repositories/{name}/keeps":                       "ccc   ddn   dnn   ddd   ddd   yyy   yyy   ppp   yyy   nnn   yyy   yyy",
  "GET /repositories/{name}/keeps/{reference}":           "ccc   ddn   dnn   ddd   ddd   yyy   yyy   ppp   yyy   nnn   yyy   yyy",
  "PUT /repositories/{name}/keeps/{reference}":           "ccc   ddn   dnn   ddd   ddd   yyy   yyy   ppp   ddd   ddd   ddd   yyy",
  "DELETE /repositories/{name}/keeps/{reference}":        "ccc   ddn   dnn   ddd   ddd   yyy   yyy   ppp   ddd   ddd   ddd   yyy",

  "GET /deletions/preview · a repository":                "ccc   ddn   dnn   ddd   ddd   yyy   yyy   ppp   ddd   ddd   ddd   yyy",
  "GET /deletions/preview · below":                       "ccc   ddn   dnn   ddd   ddd   yyy   yyy   ppp   ddd   ddd   ddd   yyy",
  "POST /deletions · a repository":                       "ccc   ddn   dnn   ddd   ddd   yyy   yyy   ppp   ddd   ddd   ddd   yyy",
  "POST /deletions · below":                              "ccc   ddn   dnn   ddd   ddd   yyy   yyy   ppp   ddd   ddd   ddd   yyy",
  "GET /deletions/{id}":                                  "c     n     n     n     n     n     n     p     d     d     y     y",
  "POST /deletions/{id}/cancel":                          "c     n     n     n     n     n     n     p     d     d     n     y",

  "GET /approvals":                                        "c     n     n     n     n     y     y     p     d     d     y     y",
  "POST /approvals/{id}/approve":                         "ccc   nnn   nnn   nnn   nnn   yyy   yyy   ppp   ddd   ddd   nnn   yyy",
  "POST /approvals/{id}/refuse":                          "ccc   nnn   nnn   nnn   nnn   yyy   yyy   ppp   ddd   ddd   nnn   yyy",
  "GET /moves/preview":                                    "ccc   ddn   dnn   ddd   ddd   yyy   yyy   ppp   ddd   ddd   ddd   yyy",
  "POST /moves":                                          "ccc   ddn   dnn   ddd   ddd   yyy   yyy   ppp   ddd   ddd   ddd   yyy",
  "POST /renames":                                        "ccc   ddn   dnn   ddd   ddd   yyy   yyy   ppp   ddd   ddd   ddd   yyy",
  "GET /renames/{id}":                                    "c     n     n     n     n     n     n     p     d     d     y     y",
  "POST /renames/{id}/cancel":                            "c     n     n     n     n     n     n     p     d     d     n     y",
  "GET /tag-moves/preview":                                "ccc   ddn   dnn   ddd   ddd   yyy   yyy   ppp   ddd   ddd   ddd   yyy",
  "POST /tag-moves":                                      "ccc   ddn   dnn   ddd   ddd   yyy   yyy   ppp   ddd   ddd   ddd   yyy",
  "GET /tag-moves/{id}":                                  "c     n     n     n     n     n     n     p     d     d     y     y",
  "POST /tag-moves/{id}/cancel":                          "c     n     n     n     n     n     n     p     d     d     n     y",
  "GET /redirects":                                       "ccc   yyn   ynn   yyy   yyy   yyy   yyy   ppp   ddd   ddd   yyy   yyy",
  "DELETE /redirects/{name}":                             "ccc   ddn   dnn   ddd   ddd   yyy   yyy   ppp   ddd   ddd   ddd   yyy",

  "GET /bin":                                             "c     n     n     n     n     y     y     p     d     d     y     y",
  "GET /bin/{id}":                                        "ccc   ddn   dnn   ddd   ddd   yyy   yyy   ppp   ddd   ddd   yyy   yyy",
  "POST /bin/{id}/restore":                               "ccc   ddn   dnn   ddd   ddd   yyy   yyy   ppp   ddd   ddd   ddd   yyy",
  "DELETE /bin/{id}":                                     "ccc   ddn   dnn   ddd   ddd   yyy   yyy   ppp   ddd   ddd   ddd   yyy",
  "POST /bin/empty · all":                                "c     d     d     d     d     d     d     p     d     d     d     y",
  "POST /bin/empty · of a repository":                     "ccc   ddn   dnn   ddd   ddd   yyy   yyy   ppp   ddd   ddd   ddd   yyy",

  "GET /in-use":                                          "ccc   nnn   nnn   nnn   nnn   nnn   nnn   ppp   yyy   nnn   yyy   yyy",
  "GET /in-use/{cluster}":                                "ccc   nnn   nnn   nnn   nnn   nnn   nnn   ppp   yyy   nnn   yyy   yyy",
  "PUT /in-use/{cluster}":                                "ccc   nnn   nnn   nnn   nnn   nnn   nnn   ppp   ddd   ddd   ddd   yyy",
  "DELETE /in-use/{cluster}":                             "ccc   nnn   nnn   nnn   nnn   nnn   nnn   ppp   ddd   ddd   ddd   yyy",

  "GET /maintenance":                                     "ccc   nnn   nnn   nnn   nnn   nnn   nnn   ppp   yyy   nnn   yyy   yyy",
  "PUT /maintenance":                                     "ccc   nnn   nnn   nnn   nnn   nnn   nnn   ppp   ddd   ddd   ddd   yyy",
  "DELETE /maintenance":                                  "ccc   nnn   nnn   nnn   nnn   nnn   nnn   ppp   ddd   ddd   ddd   yyy",

  "GET /grants":                                          "ccc   nnn   nnn   nnn   nnn   yyy   yyy   ppp   ddd   ddd   yyy   yyy",
  "POST /grants · oneself":                               "ccc   ddd   ddd   ddd   ddd   ddd   yyy   ppp   ddd   ddd   ddd   yyy",
  "POST /grants · another":                               "ccc   ddd   ddd   ddd   ddd   yyy   yyy   ppp   ddd   ddd   ddd   yyy",
  "GET /grants/{id}":                                     "ccc   nnn   nnn   nnn   nnn   yyy   yyy   ppp   ddd   ddd   yyy   yyy",
  "DELETE /grants/{id}":                                  "ccc   nnn   nnn   nnn   nnn   yyy   yyy   ppp   ddd   ddd   ddd   yyy",
  "GET /access/explain · oneself":                        "ccc   yyn   ynn   yyy   yyy   yyy   yyy   ppp   ddd   ddd   yyy   yyy",
  "GET /access/explain · another":                        "ccc   ddd   ddd   ddd   ddd   yyy   yyy   ppp   ddd   ddd   yyy   yyy",

  "GET /job-kinds":                                       "c     d     d     d     d     d     d     p     d     d     y     y",
  "GET /jobs":                                            "c     d     d     d     d     d     d     p     d     d     y     y",
  "POST /jobs":                                           "c     d     d     d     d     d     d     p     d     d     d     y",
  "GET /jobs/{id}":                                       "c     d     d     d     d     d     d     p     d     d     y     y",
  "POST /jobs/{id}/cancel":                               "c     d     d     d     d     d     d     p     d     d     d     y",

  "GET /audit":                                           "c     d     d     d     d     d     d     p     d     d     y     y",
  "GET /audit/export":                                    "c     d     d     d     d     d     d     p     d     d     y     y",
  "GET /audit/verify":                                    "c     d     d     d     d     d     d     p     d     d     y     y",
} as const;

type Line = keyof typeof MATRIX;

const PASSWORD = "correct horse battery";
const TRUST = { issuer: "https://ci.example", audience: "registry.example", claims: { sub: "team" } };
const ANNA = "user:anna";

/** What is asked for in each line, and with which body; names in braces are those of `valuesFor`. */
const REQUESTS: Readonly<Record<Line, readonly [asked: string, body?: unknown]>> = {
  "GET /openapi.json": ["GET /openapi.json"],
  "GET /service": ["GET /service"],
  "GET /me": ["GET /me"],
  "GET /me/permissions": ["GET /me/permissions?path={node}"],
  "PUT /me/password": ["PUT /me/password", { oldPassword: PASSWORD, newPassword: `${PASSWORD} zebra 71` }],
  "GET /me/tokens": ["GET /me/tokens"],
  "POST /me/tokens": ["POST /me/tokens", { name: "second" }],
  "DELETE /me/tokens/{id}": ["DELETE /me/tokens/{ownToken}"],
  "GET /users": ["GET /users"],
  "POST /users": ["POST /users", { name: "ben", password: PASSWORD }],
  "GET /users/{name} · oneself": ["GET /users/{self}"],
  "GET /users/{name} · another": ["GET /users/anna"],
  "PATCH /users/{name} · oneself": ["PATCH /users/{self}", { systemRole: "administrator" }],
  "PATCH /users/{name} · another": ["PATCH /users/anna", { displayName: "A." }],
  "DELETE /users/{name} · oneself": ["DELETE /users/{self}"],
  "DELETE /users/{name} · another": ["DELETE /users/anna"],
  "PUT /users/{name}/password · oneself": ["PUT /users/{self}/password", { password: PASSWORD }],
  "PUT /users/{name}/password · another": ["PUT /users/anna/password", { password: PASSWORD }],
  "GET /users/{name}/groups · oneself": ["GET /users/{self}/groups"],
  "GET /users/{name}/groups · another": ["GET /users/anna/groups"],
  "GET /users/{name}/tokens · oneself": ["GET /users/{self}/tokens"],
  "GET /users/{name}/tokens · another": ["GET /users/anna/tokens"],
  "DELETE /users/{name}/tokens/{id} · oneself": ["DELETE /users/{self}/tokens/{ownToken}"],
  "DELETE /users/{name}/tokens/{id} · another": ["DELETE /users/anna/tokens/{token}"],
  "GET /groups": ["GET /groups"],
  "POST /groups": ["POST /groups", { name: "new" }],
  "GET /groups/{name}": ["GET /groups/dev"],
  "PATCH /groups/{name}": ["PATCH /groups/dev", { name: "devs" }],
  "DELETE /groups/{name}": ["DELETE /groups/dev"],
  "GET /groups/{name}/members": ["GET /groups/dev/members"],
  "PUT /groups/{name}/members/{member} · oneself": ["PUT /groups/ops/members/{self}"],
  "PUT /groups/{name}/members/{member} · another": ["PUT /groups/ops/members/anna"],
  "DELETE /groups/{name}/members/{member} · oneself": ["DELETE /groups/dev/members/{self}"],
  "DELETE /groups/{name}/members/{member} · another": ["DELETE /groups/dev/members/anna"],
  "GET /groups/{name}/mappings": ["GET /groups/dev/mappings"],
  "PUT /groups/{name}/mappings": ["PUT /groups/ops/mappings", { source: "ldap:corp", externalName: "ops" }],
  "DELETE /groups/{name}/mappings": ["DELETE /groups/dev/mappings?source=ldap:corp&externalName=dev"],
  "GET /robots": ["GET /robots"],
  "GET /namespaces/{path}/robots": ["GET /namespaces/{node}/robots"],
  "POST /namespaces/{path}/robots": ["POST /namespaces/{node}/robots", { name: "deploy" }],
  "GET /robots/{name}": ["GET /robots/{node}+ci"],
  "PATCH /robots/{name}": ["PATCH /robots/{node}+ci", { isDisabled: true }],
  "DELETE /robots/{name}": ["DELETE /robots/{node}+ci"],
  "GET /robots/{name}/secrets": ["GET /robots/{node}+ci/secrets"],
  "POST /robots/{name}/secrets": ["POST /robots/{node}+ci/secrets", { name: "second" }],
  "DELETE /robots/{name}/secrets/{id}": ["DELETE /robots/{node}+ci/secrets/{secret}"],
  "GET /robots/{name}/trusts": ["GET /robots/{node}+ci/trusts"],
  "POST /robots/{name}/trusts": ["POST /robots/{node}+ci/trusts", TRUST],
  "DELETE /robots/{name}/trusts/{id}": ["DELETE /robots/{node}+ci/trusts/{trust}"],
  "GET /namespaces · of the root": ["GET /namespaces"],
  "GET /namespaces · of the node": ["GET /namespaces?parent={node}"],
  "GET /namespaces/{path}/usage": ["GET /namespaces/{node}/usage"],
  "GET /namespaces/{path}/usage/export": ["GET /namespaces/{node}/usage/export"],
  "GET /namespaces/{path}/storage": ["GET /namespaces/{node}/storage"],
  "GET /namespaces/{path}/byte-hours": ["GET /namespaces/{node}/byte-hours"],
  "GET /namespaces/{path}/byte-hours/export": ["GET /namespaces/{node}/byte-hours/export"],
  "GET /namespaces/{path}": ["GET /namespaces/{node}"],
  "PUT /namespaces/{path} · as it is": ["PUT /namespaces/{node}", { visibility: "public" }],
  "PUT /namespaces/{path} · begun below": ["PUT /namespaces/{node}%2Fnew", { visibility: "public" }],
  "DELETE /namespaces/{path}": ["DELETE /namespaces/{node}"],
  "GET /namespaces/{path}/members": ["GET /namespaces/{node}/members"],
  "PUT /namespaces/{path}/members/{subject} · oneself": ["PUT /namespaces/{node}/members/{subject}", { role: "owner" }],
  "PUT /namespaces/{path}/members/{subject} · another": [
    `PUT /namespaces/{node}/members/${ANNA}`,
    { role: "maintainer" },
  ],
  "DELETE /namespaces/{path}/members/{subject} · oneself": ["DELETE /namespaces/{node}/members/{subject}"],
  "DELETE /namespaces/{path}/members/{subject} · another": [`DELETE /namespaces/{node}/members/${ANNA}`],
  "GET /namespaces/{path}/settings": ["GET /namespaces/{node}/settings"],
  "GET /namespaces/{path}/settings/{setting}": ["GET /namespaces/{node}/settings/kept-tags"],
  "PUT /namespaces/{path}/settings/immutable-tags": [
    "PUT /namespaces/{node}/settings/immutable-tags",
    { value: ["v*"] },
  ],
  "PUT /namespaces/{path}/settings/keep-labels": ["PUT /namespaces/{node}/settings/keep-labels", { value: ["keep"] }],
  "PUT /namespaces/{path}/settings/kept-tags": ["PUT /namespaces/{node}/settings/kept-tags", { value: ["prod"] }],
  "PUT /namespaces/{path}/settings/untagged": [
    "PUT /namespaces/{node}/settings/untagged",
    { value: { rule: "remove", after: "7d" } },
  ],
  "PUT /namespaces/{path}/settings/protected": ["PUT /namespaces/{node}/settings/protected", { value: true }],
  "PUT /namespaces/{path}/settings/retention": [
    "PUT /namespaces/{node}/settings/retention",
    { value: [{ tags: ["ci-*"], newest: 10 }] },
  ],
  "PUT /namespaces/{path}/settings/quota": ["PUT /namespaces/{node}/settings/quota", { value: { tags: 500 } }],
  "PUT /namespaces/{path}/settings/redirect": ["PUT /namespaces/{node}/settings/redirect", { value: { days: 7 } }],
  "PUT /namespaces/{path}/settings/delete-approval": [
    "PUT /namespaces/{node}/settings/delete-approval",
    { value: { required: false } },
  ],
  "GET /namespaces/{path}/quota": ["GET /namespaces/{node}/quota"],
  "DELETE /namespaces/{path}/settings/{setting}": ["DELETE /namespaces/{node}/settings/kept-tags"],
  "GET /namespaces/{path}/retention": ["GET /namespaces/{node}/retention"],
  "GET /namespaces/{path}/retention/simulation": ["GET /namespaces/{node}/retention/simulation"],
  "GET /repositories/{name}/tags": ["GET /repositories/{node}%2Fapp/tags"],
  "GET /repositories/{name}/tags/{tag}": ["GET /repositories/{node}%2Fapp/tags/prod"],
  "GET /repositories/{name}/tags/{tag}/history": ["GET /repositories/{node}%2Fapp/tags/prod/history"],
  "POST /repositories/{name}/tags/{tag}/rollback": ["POST /repositories/{node}%2Fapp/tags/prod/rollback", { steps: 1 }],
  "GET /deletions/preview · a repository": ["GET /deletions/preview?repositories={node}/app"],
  "GET /deletions/preview · below": ["GET /deletions/preview?repositories={node}/**"],
  "POST /deletions · a repository": ["POST /deletions", { repositories: "{node}/app" }],
  "POST /deletions · below": ["POST /deletions", { repositories: "{node}/**", tags: "pr-*" }],
  "GET /deletions/{id}": ["GET /deletions/2"],
  "POST /deletions/{id}/cancel": ["POST /deletions/2/cancel"],
  "GET /repositories/{name}/keeps": ["GET /repositories/{node}%2Fapp/keeps"],
  "GET /repositories/{name}/keeps/{reference}": ["GET /repositories/{node}%2Fapp/keeps/prod"],
  "PUT /repositories/{name}/keeps/{reference}": ["PUT /repositories/{node}%2Fapp/keeps/prod", { reason: "live" }],
  "DELETE /repositories/{name}/keeps/{reference}": ["DELETE /repositories/{node}%2Fapp/keeps/prod"],
  "GET /approvals": ["GET /approvals"],
  "POST /approvals/{id}/approve": ["POST /approvals/1/approve"],
  "POST /approvals/{id}/refuse": ["POST /approvals/1/refuse"],
  "GET /moves/preview": ["GET /moves/preview?from={node}/app&to={node}/api"],
  "POST /moves": ["POST /moves", { from: "{node}/app", to: "{node}/api" }],
  "POST /renames": ["POST /renames", { from: "{node}/app", to: "{node}/api" }],
  "GET /renames/{id}": ["GET /renames/3"],
  "POST /renames/{id}/cancel": ["POST /renames/3/cancel"],
  "GET /tag-moves/preview": ["GET /tag-moves/preview?from={node}/app&tags=*&to={node}/api"],
  "POST /tag-moves": ["POST /tag-moves", { from: "{node}/app", tags: "pr-*", to: "{node}/api" }],
  "GET /tag-moves/{id}": ["GET /tag-moves/4"],
  "POST /tag-moves/{id}/cancel": ["POST /tag-moves/4/cancel"],
  "GET /redirects": ["GET /redirects"],
  "DELETE /redirects/{name}": ["DELETE /redirects/{node}%2Fbefore"],
  "GET /bin": ["GET /bin"],
  "GET /bin/{id}": ["GET /bin/{entry}"],
  "POST /bin/{id}/restore": ["POST /bin/{entry}/restore", {}],
  "DELETE /bin/{id}": ["DELETE /bin/{entry}"],
  "POST /bin/empty · all": ["POST /bin/empty", {}],
  "POST /bin/empty · of a repository": ["POST /bin/empty", { repository: "{node}/app" }],
  "GET /in-use": ["GET /in-use"],
  "GET /in-use/{cluster}": ["GET /in-use/eu-1"],
  "PUT /in-use/{cluster}": ["PUT /in-use/eu-1", { images: [] }],
  "DELETE /in-use/{cluster}": ["DELETE /in-use/eu-1"],
  "GET /maintenance": ["GET /maintenance"],
  "PUT /maintenance": ["PUT /maintenance", { reason: "new disks" }],
  "DELETE /maintenance": ["DELETE /maintenance"],
  "GET /grants": ["GET /grants"],
  "POST /grants · oneself": [
    "POST /grants",
    { subject: "{subject}", pathPattern: "{node}/**", actions: ["namespaces:write"] },
  ],
  "POST /grants · another": ["POST /grants", { subject: ANNA, pathPattern: "{node}/**", actions: ["push"] }],
  "GET /grants/{id}": ["GET /grants/{grant}"],
  "DELETE /grants/{id}": ["DELETE /grants/{grant}"],
  "GET /access/explain · oneself": ["GET /access/explain?subject={subject}&repository={node}&action=pull"],
  "GET /access/explain · another": [`GET /access/explain?subject=${ANNA}&repository={node}&action=pull`],
  "GET /job-kinds": ["GET /job-kinds"],
  "GET /jobs": ["GET /jobs"],
  "POST /jobs": ["POST /jobs", { kind: "gc" }],
  "GET /jobs/{id}": ["GET /jobs/1"],
  "POST /jobs/{id}/cancel": ["POST /jobs/1/cancel"],
  "GET /audit": ["GET /audit"],
  "GET /audit/export": ["GET /audit/export"],
  "GET /audit/verify": ["GET /audit/verify"],
};

/** What is in an answer to who may be told, where who may not is told of less. */
const SHOWN: Readonly<Partial<Record<Line, string>>> = {
  "GET /me/permissions": '"pull"',
  "GET /namespaces · of the root": '"path":"team"',
  "GET /approvals": '"path":"team/app"',
  "GET /redirects": '"to":"team/app"',
  "GET /bin": '"repository":"team/app"',
  "GET /grants": '"pathPattern":"team/**"',
  "GET /access/explain · oneself": '"visibility":{',
};

const VISIBILITIES = ["public", "internal", "private"] as const;
type Visibility = (typeof VISIBILITIES)[number];

const LIMITS: Readonly<Partial<Record<Asker, readonly AccessLimit[]>>> = {
  token: [{ pathPattern: "**", actions: GRANTABLE_ACTIONS }],
  "token elsewhere": [{ pathPattern: "else/**", actions: GRANTABLE_ACTIONS }],
};

/** The name of the account that they ask with. */
function nameOf(asker: Asker): string {
  if (asker in LIMITS) return "administrator";
  return asker === "strange robot" ? "else+ci" : asker;
}

/** A registry with something of everything, as good as new until something in it is done. */
interface World {
  readonly api: ApiUnderTest;
  readonly ids: ReadonlyMap<string, number>;
}

const worlds = new Map<Visibility, World>();
let passwordHash: string;

beforeAll(async () => {
  passwordHash = await Bun.password.hash(PASSWORD, { algorithm: "argon2id", memoryCost: 8, timeCost: 1 });
});
afterAll(async () => {
  for (const { api } of worlds.values()) await api.close();
});

async function worldWith(visibility: Visibility): Promise<World> {
  const known = worlds.get(visibility);
  if (known) return known;
  const api = await openApi();
  const accounts = new Map<string, number>();
  await api.given(async (rows) => {
    await fillAccounts(rows, accounts);
    await rows.visibility("team", visibility);
    await rows.repositories("team/app", "else/app");
    for (const role of ["reader", "writer", "maintainer", "owner"] as const)
      await rows.role("team", accounts.get(role) ?? 0, role);
    // Something that can be taken back.
    for (const name of ["anna", "administrator"]) await rows.role("team", accounts.get(name) ?? 0, "reader");
  });
  const world = { api, ids: await fillRest(api.metadata, accounts) };
  worlds.set(visibility, world);
  return world;
}

const SYSTEM_ROLES: Readonly<Record<string, NewAccount["systemRole"]>> = {
  newcomer: "administrator",
  auditor: "auditor",
  administrator: "administrator",
};

async function fillAccounts(rows: Rows, accounts: Map<string, number>): Promise<void> {
  for (const name of [
    "stranger",
    "reader",
    "writer",
    "maintainer",
    "owner",
    "newcomer",
    "auditor",
    "administrator",
    "anna",
  ]) {
    const mustChangePassword = name === "newcomer";
    const systemRole = SYSTEM_ROLES[name] ?? null;
    accounts.set(name, await rows.account(name, { passwordHash, systemRole, mustChangePassword }));
  }
  for (const ownerPath of ["else", "team"])
    accounts.set(`${ownerPath}+ci`, await rows.account(`${ownerPath}+ci`, { kind: "robot", ownerPath }));
  await rows.group("dev", [...accounts.values()]);
  await rows.group("ops");
}

/** @returns the ids of secrets by the names of their accounts, and those of the rest by what it is */
function fillRest(metadata: MetadataDatabase, accounts: ReadonlyMap<string, number>): Promise<Map<string, number>> {
  return metadata.transaction(async (queries) => {
    const ids = new Map<string, number>();
    for (const [hash, accountId] of accounts) {
      const kind: SecretKind = hash.includes("+") ? "robot" : "personal";
      const secret = { accountId, kind, name: "first", limits: null, expiresAtMs: null, hash, nowMs: 1 };
      ids.set(hash, await insertSecret(queries, secret));
    }
    const accountId = accounts.get("team+ci") ?? 0;
    ids.set("trust", await insertRobotTrust(queries, { ...TRUST, accountId, createdAtMs: 1 }));
    const grant = { pathPattern: "team/**", tagPattern: null, actions: ["pull"], expiresAtMs: null, createdAtMs: 1 };
    const subject = `account:${accounts.get("anna")}` as const;
    ids.set("grant", await insertGrant(queries, { ...grant, subject }));
    await insertJob(queries, { kind: "other", openKey: null, input: "{}", requestedBy: null, nowMs: 1 });
    await insertJob(queries, { kind: "deletion", openKey: null, input: "{}", requestedBy: "anna", nowMs: 1 });
    await insertJob(queries, { kind: "rename", openKey: null, input: "{}", requestedBy: "anna", nowMs: 1 });
    await insertJob(queries, { kind: "tag-move", openKey: null, input: "{}", requestedBy: "anna", nowMs: 1 });
    await putNodeSetting(queries, { path: "team", name: "kept-tags", value: ["prod"], nowMs: 1 });
    await putClusterReport(queries, { cluster: "eu-1", images: [], nowMs: 1, holdsUntilMs: 2 });
    ids.set("entry", await fillRepository(queries));
    await putOldName(queries);
    const wish = { path: "team/app", subject: "prod", work: { kind: "content" } } as const;
    const target = await findRequestTarget(queries, wish);
    const asked = { ...wish, target, work: JSON.stringify(wish.work), requestedBy: "anna" };
    await openDeleteRequest(queries, { ...asked, requestedAtMs: 1, expiresAtMs: Date.parse("2030-01-01") }, 1);
    await putGroupMapping(queries, { groupId: 1, source: "ldap:corp", externalName: "dev" });
    return ids;
  });
}

/** `team/before` leads to `team/app`. */
async function putOldName(queries: Queries): Promise<void> {
  const [from, to] = ["team/before", "team/app"] as [RepositoryName, RepositoryName];
  const id = await ensureRepository(queries, to, 1);
  const times = { nowMs: 1, servesUntilMs: Date.parse("2030-01-01") };
  await renameRepository(queries, { id, from: to, to: from, actor: "anna", ...times });
  await renameRepository(queries, { id, from, to, actor: "anna", ...times });
}

/** With a tag that was moved once and is kept, and another manifest in the bin. @returns the entry's number */
async function fillRepository(queries: Queries): Promise<number> {
  const repositoryId = await ensureRepository(queries, "team/app" as RepositoryName, 1);
  const ids: number[] = [];
  for (const name of ["one", "two", "deleted"]) {
    const { bytes: body, digest } = imageIndex([], { annotations: { name } });
    const manifest = parseManifest(body, OCI_IMAGE_INDEX);
    const { id: manifestId } = await putManifest(queries, { repositoryId, digest, manifest, body, createdAtMs: 1 });
    ids.push(manifestId);
    if (name === "deleted") continue;
    const tag = "prod" as Tag;
    const from = await findTag(queries, repositoryId, tag);
    await putTag(queries, { repositoryId, tag, manifestId, nowMs: 1 });
    const by = { actor: "anna", address: undefined };
    await recordTagChange(queries, { repositoryId, tag, digest, from, cause: "push", nowMs: 1, by });
  }
  await putKeep(queries, repositoryId, { reference: "prod", reason: "", untilMs: null, actor: null, atMs: 1 });
  const deletion = { nowMs: 1, expiresAtMs: 2, by: { actor: "anna", address: undefined } };
  const entry = await putManifestIntoBin(queries, ids.at(-1) ?? 0, deletion);
  return entry ?? 0;
}

interface Values extends Readonly<Record<string, string>> {
  readonly node: string;
  readonly grant: string;
  readonly entry: string;
}

function valuesFor({ ids }: World, asker: Asker): Values {
  const self = nameOf(asker);
  return {
    self,
    subject: `${self.includes("+") ? "robot" : "user"}:${self}`,
    ownToken: String(ids.get(self) ?? 1),
    token: String(ids.get("anna")),
    secret: String(ids.get("team+ci")),
    trust: String(ids.get("trust")),
    node: "team",
    grant: String(ids.get("grant")),
    entry: String(ids.get("entry")),
  };
}

/** In the place of what is there. */
const ABSENT = { node: "gone", grant: "999", entry: "999" };

function fillIn(text: string, values: Values): string {
  return text.replaceAll(/\{(\w+)\}/g, (braced, name: string) => values[name] ?? braced);
}

async function ask(world: World, line: Line, asker: Asker, more: Partial<Values> = {}): Promise<Asked> {
  const values = { ...valuesFor(world, asker), ...more } as Values;
  const [asked, body] = REQUESTS[line];
  const path = fillIn(asked, values).replaceAll("+", "%2B");
  const sent = body === undefined ? {} : { body: fillIn(JSON.stringify(body), values) };
  return world.api.ask(asker === "nobody" ? "" : nameOf(asker), path, { ...sent, limits: LIMITS[asker] ?? [] });
}

async function outcomeOf(line: Line, asker: Asker, visibility: Visibility): Promise<string> {
  const world = await worldWith(visibility);
  const actsBefore = (await world.api.listActs()).length;
  const { status, headers, json } = await ask(world, line, asker);
  if (status < 300 && JSON.stringify(json ?? "").includes(SHOWN[line] ?? "")) {
    if (!line.startsWith("GET ")) await forget(visibility);
    return "y";
  }
  if ((await world.api.listActs()).length !== actsBefore) return `${status}, but on record as done`;
  if (status === 401) return headers.has("www-authenticate") ? "c" : "401 without challenge";
  if (json.type === "urn:berth:problem:password-change-needed") return "p";
  if (status === 403 && sees(asker, visibility)) return "d";
  const leak = await findLeak(world, line, asker, { status, json });
  return leak ?? (status === 403 ? "d" : status < 300 || status === 404 ? "n" : String(status));
}

/** How the answer differs from the one about what is not there; `undefined`: it does not. */
async function findLeak(world: World, line: Line, asker: Asker, answer: Pick<Asked, "status" | "json">) {
  const absent = await ask(world, line, asker, ABSENT);
  const asPresent = JSON.stringify(absent.json)
    .replaceAll(ABSENT.node, "team")
    .replaceAll(ABSENT.grant, valuesFor(world, asker).grant);
  const text = JSON.stringify(answer.json);
  if (answer.status === absent.status && text === asPresent) return undefined;
  return `${answer.status} ${text}, but ${absent.status} ${asPresent} where there is nothing`;
}

async function forget(visibility: Visibility): Promise<void> {
  await worlds.get(visibility)?.api.close();
  worlds.delete(visibility);
}

/** Whether they may know of `team`. */
function sees(asker: Asker, visibility: Visibility): boolean {
  const letters = MATRIX["GET /namespaces/{path}"].split(/ +/)[ASKERS.indexOf(asker)];
  return letters?.[VISIBILITIES.indexOf(visibility)] !== "n";
}

const lines = Object.keys(MATRIX) as Line[];
const nameOfRoute = ({ method, path }: (typeof ROUTES)[number]) => `${method} ${path}`;
const routeOf = (line: Line) => line.replace(/ · .*/, "");

describe("the matrix", () => {
  test("has every route", () => {
    expect([...new Set(lines.map(routeOf))].toSorted()).toEqual(ROUTES.map(nameOfRoute).toSorted());
  });

  test("asks by each line for what the line says", () => {
    const findRoute = createFindRoute(ROUTES);
    for (const line of lines) {
      const [method = "", path = ""] = REQUESTS[line][0].split(/[ ?]/);
      expect(nameOfRoute(findRoute(method, path).route)).toBe(routeOf(line));
    }
  });

  test("has a letter for each visibility where it is about a node", () => {
    const aboutNodes = ROUTES.filter(({ permission }) => typeof permission === "object" && "node" in permission);
    const names = new Set(aboutNodes.map(nameOfRoute));
    for (const line of lines) if (names.has(routeOf(line))) expect(MATRIX[line]).toMatch(/^ccc /);
  });

  test("asks for nothing that an administrator could not have", () => {
    for (const line of lines) expect(MATRIX[line].split(/ +/).at(-1)).toMatch(/^(?:y|yyy)$/);
  });
});

test.each(lines)("%s", async (line) => {
  const outcomes: string[] = [];
  const expected = MATRIX[line].split(/ +/);
  for (const [index, asker] of ASKERS.entries()) {
    const visibilities = expected[index]?.length === 1 ? (["private"] as const) : VISIBILITIES;
    let letters = "";
    for (const visibility of visibilities) letters += await outcomeOf(line, asker, visibility);
    outcomes.push(`${asker}: ${letters}`);
  }
  expect(outcomes).toEqual(ASKERS.map((asker, index) => `${asker}: ${expected[index]}`));
});

test("a personal token of another is as one that is not there, for everybody", async () => {
  const world = await worldWith("private");
  for (const asker of ["stranger", "owner", "auditor", "administrator"]) {
    const others = await world.api.ask(asker, `DELETE /me/tokens/${world.ids.get("anna")}`);
    const absent = await world.api.ask(asker, "DELETE /me/tokens/999");
    expect(others.status).toBe(404);
    expect(others.json.detail.replace(String(world.ids.get("anna")), "999")).toBe(absent.json.detail);
  }
});
