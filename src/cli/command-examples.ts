import type { Command } from "commander";

/** What may be typed behind a command, such as stands in the documents. */
export const EXAMPLES: Readonly<Record<string, readonly string[]>> = {
  "access grant": ["anna 'team/*-prod' pull,tag:create --tags 'v*' --expires 30d"],
  "approval approve": ["12"],
  "audit list": ["--act tag.move --prefix team/ --from 24h"],
  "audit verify": ["--against acts.jsonl"],
  "bin empty": ["12", "--repository team/app"],
  "bin list": ["--repository team/app"],
  "bin restore": ["12", "--repository team/app --since 1h"],
  "export bundle": ["'team/**' --out bundle/ --sign bundle.key"],
  "export docker-archive": ["team/app:1.0 --out app.tar --config /etc/berth/config.yml"],
  "export oci": ["team/app:1.0 --out layout/ --config /etc/berth/config.yml", "team/app --out app.tar --referrers"],
  "export registry-v2": ["/etc/berth/config.yml --in-place", "/etc/berth/config.yml --out /srv/registry"],
  "export zot": ["'team/**' --out /var/lib/zot --config /etc/berth/config.yml"],
  "gc explain": ["sha256:… /etc/berth/config.yml"],
  "import bundle": ["bundle/ --verify-key bundle.pub"],
  "import docker-archive": ["app.tar --to team/app:1.0"],
  "import oci": ["layout/ /etc/berth/config.yml --to team/app"],
  "import registry-v2": ["/var/lib/registry --dry-run"],
  "job list": ["--kind scrub --state failed --limit 5"],
  "job run": ["gc --wait", `gc --input '{"windowSeconds": 0}'`],
  "maintenance on": ["--reason 'moving to new disks' --for 2h"],
  "namespace set-role": ["team alice writer", "team group:dev maintainer"],
  "namespace set-visibility": ["team/tools public"],
  "repository delete": ["team/app --dry-run", "'team/old/**' --no-wait"],
  "repository rename": ["team/app team/api --dry-run", "team/a team/b --below --redirect-days 90"],
  "retention preview": ["team/app --going", "team --rule 'tags=ci-* newest=10' --rule 'tags=v*'"],
  "retention run": ["/etc/berth/config.yml --dry-run"],
  "retention simulate": ["team --since 30d --rule 'tags=ci-* newest=5' --rule 'tags=v*'", "team --rules rules.txt"],
  "robot create-secret": ["team+ci 2027 --expires 365d"],
  "tag delete": ["team/app:1.0", "team/app 'pr-*' --dry-run"],
  "tag history": ["team/app:prod --limit 10"],
  "tag keep": ["team/app:1.2 --until 90d --reason 'audit of 2026'"],
  "tag resolve": ["team/app:prod --at 24h"],
  "tag rollback": ["team/app:prod", "team/app:prod --at 2026-05-01T12:00Z"],
  "usage byte-hours": ["/ --from 2026-10-01 --to 2026-10-31 --per month", "/ --csv"],
  "usage traffic": ["team --by repository,principal --from 2026-11-01", "/ --by namespace --csv"],
  "user create": ["anna --generate"],
  backup: ["/backup /etc/berth/config.yml --keep 14"],
  gc: ["/etc/berth/config.yml --dry-run", "/etc/berth/config.yml --window 0s"],
  rebuild: ["/etc/berth/config.yml --dry-run"],
  restore: ["/backup --list", "/backup /etc/berth/config.yml --at 2026-05-01T12:00Z"],
  scrub: ["/etc/berth/config.yml --rate 0"],
};

/** @param path how the command is typed @param name the same without that of the program */
export function addExamples(command: Command, path: string, name: string): void {
  const lines = EXAMPLES[name]?.map((typed) => `  ${path} ${typed}`) ?? [];
  if (lines.length > 0) command.addHelpText("after", `\nSuch as:\n${lines.join("\n")}`);
}
