# What the suites need from the machine: found by probes, named, and with --setup installed.
# Sourced by scripts/test, from the root of the repository.

# suites that need it : command or file that shows it is there : Debian packages
debian_needs() {
  cat <<'TABLE'
unit features system simulation browser compat tidy:cc:gcc libc6-dev
unit system:hb-shape:libharfbuzz-bin
unit system browser:/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc:fonts-noto-cjk
unit system:zbarimg:zbar-tools
unit system:pdftoppm:poppler-utils
unit system:qpdf:qpdf
system:ippeveprinter:cups-ipp-utils
system:dbus-daemon:dbus
system:strace:strace
system:mount:mount
browser:chromium:chromium
tidy:shellcheck:shellcheck
TABLE
}

# The Debian packages the named suites lack, one a line.
missing_packages() {
  local suite wanted probe packages
  while IFS=: read -r wanted probe packages; do
    for suite in "$@"; do
      if [[ " $wanted " == *" $suite "* ]] && ! present "$probe"; then
        printf '%s\n' "$packages" | tr ' ' '\n'
        break
      fi
    done
  done < <(debian_needs)
}

present() {
  if [[ $1 == /* ]]; then [[ -e $1 ]]; else command -v "$1" >/dev/null || [[ -x /usr/sbin/$1 ]]; fi
}

# What no package of Debian provides in the version needed, one sentence a line.
missing_toolchains() {
  if ! command -v cargo >/dev/null; then
    echo "cargo, with Rust 1.95 or newer, rustfmt and clippy"
  elif ! version_at_least 1.95 "$(rustc --version | cut -d' ' -f2)"; then
    echo "Rust 1.95 or newer (found $(rustc --version | cut -d' ' -f2))"
  fi
  if ! command -v node >/dev/null; then
    echo "Node 20.19 or newer"
  elif ! version_at_least 20.19 "$(node --version | tr -d v)"; then
    echo "Node 20.19 or newer (found $(node --version))"
  fi
  command -v npm >/dev/null || echo "npm"
}

version_at_least() {
  [[ $(printf '%s\n%s\n' "$1" "$2" | sort -V | head -n 1) == "$1" ]]
}

# The folders whose npm modules the named suites use and which are absent or older than their lock file, one a line.
# What the binaries embed (the page, the badge fonts) their own builds install.
missing_modules() {
  local suite folder lock
  for suite in "$@"; do
    case $suite in
      unit) folder=kiosk-ui ;;
      browser) folder=tests/browser ;;
      *) continue ;;
    esac
    lock=$folder/package-lock.json
    [[ ! -e $lock || $folder/node_modules/.package-lock.json -nt $lock ]] || echo "$folder"
  done
}

install_missing() {
  local packages folder as_root=()
  mapfile -t packages < <(missing_packages "$@")
  if ((${#packages[@]})) && command -v apt-get >/dev/null; then
    [[ $(id -u) == 0 ]] || as_root=(sudo)
    "${as_root[@]}" apt-get update
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "${packages[@]}"
  fi
  for folder in $(missing_modules "$@"); do
    (cd "$folder" && npm ci --ignore-scripts --no-audit --no-fund)
  done
}

# Names everything the given suites lack; fails if there is anything.
name_missing() {
  local packages folders toolchains
  packages=$(missing_packages "$@" | sort -u | paste -sd' ')
  folders=$(missing_modules "$@" | paste -sd' ')
  toolchains=$(missing_toolchains)
  [[ -z $packages ]] || echo "missing Debian packages: $packages"
  [[ -z $folders ]] || echo "missing npm modules in: $folders"
  [[ -z $toolchains ]] || while read -r line; do echo "missing: $line"; done <<<"$toolchains"
  [[ -z $packages$folders$toolchains ]]
}
