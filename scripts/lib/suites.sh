# The suites: each runs its steps, which add to `passed` and `failed`.
# Sourced by scripts/test, from the root of the repository.

passed=0
failed=0
target_dir=${CARGO_TARGET_DIR:-target}
step_log=$(mktemp)
trap 'rm -f "$step_log"' EXIT

# Runs one suite and prints its closing line; fails if anything in it failed.
run_suite() {
  passed=0 failed=0
  "suite_$1"
  echo "$1: $passed passed, $failed failed"
  ((failed == 0))
}

# A step that is one check: its exit code decides.
check() {
  if "$@" >&2; then
    passed=$((passed + 1))
  else
    echo "failed: $*" >&2
    failed=$((failed + 1))
  fi
}

# A step that runs tests and prints how many: libtest, cucumber and vitest are understood.
tests() {
  local status=0 step_passed step_failed
  "$@" 2>&1 | tee "$step_log" >&2 || status=${PIPESTATUS[0]}
  read -r step_passed step_failed < <(tally "$step_log")
  if ((step_failed == 0)) && ((status != 0 || step_passed == 0)); then
    echo "failed with exit code $status after $step_passed tests: $*" >&2
    step_failed=1
  fi
  passed=$((passed + step_passed))
  failed=$((failed + step_failed))
}

tally() {
  sed 's/\x1b\[[0-9;]*m//g' "$1" | awk '
    /^test result: / || /^ *Tests  +[0-9]/ || /^[0-9]+ scenarios? \(/ {
      gsub(/[();,|]/, " ")
      for (i = 2; i <= NF; i++) {
        if ($i == "passed") passed += $(i - 1)
        if ($i == "failed" || $i == "skipped") failed += $(i - 1)
      }
    }
    END { print passed + 0, failed + 0 }'
}

# One cargo invocation shape for all suites, so that features unify the same way and nothing is built twice.
workspace_test() {
  cargo test --workspace --no-fail-fast "$@"
}

build_binaries() {
  cargo build --workspace --bins >&2 || {
    echo "failed: the binaries do not build" >&2
    failed=$((failed + 1))
    return 1
  }
}

# Binaries with the faults that the demo's own test must notice, kept beside the sound ones.
build_faulty_binaries() {
  grep -q '^planted-faults' edge/Cargo.toml || return 0
  local features=lanyard-edge/planted-faults
  ! grep -q '^planted-faults' hq/Cargo.toml || features+=,lanyard-hq/planted-faults
  cargo build --workspace --bins --features "$features" >&2 || {
    echo "failed: the binaries with planted faults do not build" >&2
    failed=$((failed + 1))
    return 1
  }
  mkdir -p "$target_dir/faulty"
  find "$target_dir/debug" -maxdepth 1 -type f -name 'lanyard*' -perm -u+x \
    -exec cp --remove-destination -t "$target_dir/faulty" {} +
}

# Everything beside the code, and the tests/ folder of every crate but this one's suites.
suite_unit() {
  local file named=()
  for file in {sync,domain,edge,edge/node,edge/badge,hq}/tests/*.rs; do
    [[ ! -e $file ]] || named+=(--test "$(basename "$file" .rs)")
  done
  tests workspace_test --lib --bins "${named[@]}"
  check npm --prefix kiosk-ui run check
  tests npm --prefix kiosk-ui test
}

suite_features() {
  build_binaries && tests workspace_test --test features
}

suite_system() {
  build_faulty_binaries && build_binaries && tests workspace_test --test system
}

suite_simulation() {
  tests workspace_test --test simulation --test store -- --nocapture
  tests workspace_test --features lanyard-edge/planted-faults --test simulation -- --planted
}

suite_browser() {
  build_binaries && tests workspace_test --test browser
}

suite_compat() {
  tests workspace_test --test compat
}

suite_tidy() {
  local scripts
  mapfile -t scripts < <(grep -rlE '^#!.*\b(ba)?sh' scripts .ci | sort)
  check cargo fmt --all --check
  check cargo clippy --workspace --all-targets --keep-going -- -D warnings
  check shellcheck -x "${scripts[@]}"
  build_binaries && tests workspace_test --test tidy
}
