import { headerValue, path } from "../values/value-types.ts";
import { group, optionalGroup, refused, required, setting } from "./key.ts";

export const authKeys = group(
  "Who may use the registry. At most one kind; on addresses that others can reach, exactly one.",
  {
    htpasswd: optionalGroup("Users and passwords in a file made by `htpasswd -B`.", {
      realm: setting(headerValue, "Registry", "The name that clients show when they ask for the password."),
      path: required(path, "The file."),
    }),
    none: optionalGroup("`{}` says that everybody may do everything.", {}),
    token: refused("Tokens of an authorization server.", "not there yet; use `auth.htpasswd`.", { evenEmpty: true }),
    silly: refused("Takes any token.", "it protects nothing; say `auth: {none: {}}`.", { evenEmpty: true }),
  },
);
