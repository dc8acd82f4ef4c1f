# Commands for working on Portolan: `just` lists them. https://just.systems; each also works when typed by hand.

# Lists the commands.
default:
    @just --list --unsorted

# The quick path, under two minutes when built before: format, lints of the core, its unit tests, recordings, tidy checks.
quick:
    cargo fmt --all --check
    cargo test --quiet -p portolan-tidy
    cargo clippy --quiet -p portolan -p portolan-base -p portolan-yaml -p portolan-tests --all-targets -- -D warnings
    cargo test --quiet -p portolan -p portolan-base -p portolan-yaml --lib
    cargo test --quiet -p portolan-tests --test recorded

# Everything that CI runs.
ready:
    tests/run

# One kind of recording, with its score: `just vectors dns`.
vectors NAME:
    cargo test --quiet -p portolan-tests --test recorded -- {{NAME}} --nocapture

# The checks on the sources, in seconds.
tidy:
    cargo test --quiet -p portolan-tidy

# Builds the npm package, compares the module's size with the noted one, and shows what is large.
size:
    cd node-binding && npm ci --silent --no-audit --no-fund && npm run --silent build && node --test tests/size.test.js
    cargo run --quiet -p portolan-wasm-tools -- sizes target/wasm32-unknown-unknown/wasm/portolan_wasm.wasm

# Builds the page and its package, and serves it.
page:
    cd node-binding && npm ci --silent --no-audit --no-fund && npm run --silent build
    cd web-playground && npm ci --silent --no-audit --no-fund && npm run --silent build && npm run preview
