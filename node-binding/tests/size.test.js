// The module's size is part of what is promised: it may not grow unseen. `size.json` notes it in bytes.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { gzipSync } from "node:zlib";

const noted = JSON.parse(readFileSync(new URL("./size.json", import.meta.url), "utf8"));
const wasm = readFileSync(new URL("../dist/wasm/portolan_bg.wasm", import.meta.url));
const GROWTH = 1.02;

test("the module has not grown by more than 2%", () => {
  const gzip = gzipSync(wasm, { level: 9 }).length;
  console.log(`module: ${wasm.length} bytes, ${gzip} gzipped (noted ${noted.gzip}, aim ${noted.aim})`);
  assert.ok(gzip <= noted.gzip * GROWTH, `${gzip} bytes gzipped, more than 2% over the ${noted.gzip} noted`);
});
