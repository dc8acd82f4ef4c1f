// Every recording through the package: its answers are those of the native engine, byte for byte. How many of these are
// the recorded ones is the native runners' business.
import assert from "node:assert/strict";
import { before, test } from "node:test";
import { Cluster } from "portolan";
import { answered, build } from "./native.js";
import { RECORDINGS } from "./recordings.js";

let binary;

before(() => {
  binary = build();
});

for (const source of Object.keys(RECORDINGS)) {
  test(`${source}: answers equal the native ones`, { timeout: 300_000 }, () => {
    let asked = 0;
    for (const { name, files, options, questions, answers } of answered(binary, source)) {
      const cluster = Cluster.load(files, options);
      try {
        questions.forEach((question, index) => assert.equal(cluster.askText(question), answers[index], `${name}: ${question.slice(0, 500)}`));
      } finally {
        cluster.free();
      }
      asked += questions.length;
    }
    assert.ok(asked >= 50, `${asked} questions`);
  });
}
