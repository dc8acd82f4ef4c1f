// An admission webhook in Node: `node webhook.js PORT [MANIFEST…]`. It speaks plain HTTP; put TLS in front of it, or use
// `node:https` with the certificate that your ValidatingWebhookConfiguration names.
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { Cluster } from "portolan";
import { review } from "portolan/admission";

const [port = "8443", ...manifests] = process.argv.slice(2);
const LARGEST = 8 * 1024 * 1024;

// The objects that are there already: refusals such as "already allocated" depend on them.
const cluster = Cluster.load(manifests.map((name) => ({ name, text: readFileSync(name, "utf8") })), { stored: true });

const server = createServer((request, response) => {
  const answer = (code, body) => response.writeHead(code, { "content-type": "application/json" }).end(JSON.stringify(body));
  if (request.method !== "POST") return answer(405, { error: "POST an AdmissionReview" });
  const parts = [];
  let size = 0;
  request.on("data", (part) => {
    size += part.length;
    if (size <= LARGEST) parts.push(part);
  });
  request.on("end", () => {
    if (size > LARGEST) return answer(413, { error: "too large" });
    try {
      answer(200, review(JSON.parse(Buffer.concat(parts).toString("utf8")), { cluster }));
    } catch (error) {
      answer(400, { error: error.message });
    }
  });
});

server.listen(Number(port), "127.0.0.1", () => console.log(`listening on http://127.0.0.1:${server.address().port}`));
