// Compare: what two versions answer differently, from the page's own engine.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { openFiles, start, visit } from "./site.js";

let site;
let page;

before(async () => {
  site = await start();
  page = await visit(site);
}, { timeout: 60_000 });

after(async () => {
  await site?.close();
});

const app = (name, replicas = 1) => `apiVersion: apps/v1
kind: Deployment
metadata:
  name: ${name}
spec:
  replicas: ${replicas}
  selector:
    matchLabels:
      app: ${name}
  template:
    metadata:
      labels:
        app: ${name}
    spec:
      containers:
        - name: main
          image: example.com/${name}:1
          ports:
            - name: http
              containerPort: 8080
`;
const service = (name, port = 80) => `apiVersion: v1
kind: Service
metadata:
  name: ${name}
spec:
  selector:
    app: ${name}
  ports:
    - name: http
      port: ${port}
      targetPort: http
`;
const ingress = (backend) => `apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: front
spec:
  rules:
    - host: shop.example.com
      http:
        paths:
          - path: /
            pathType: Prefix
            backend:
              service:
                name: web
                port:
                  name: http
          - path: /cart
            pathType: Prefix
            backend:
              service:
                name: ${backend}
                port:
                  name: http
`;
const policy = (from) => `apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: cart
spec:
  podSelector:
    matchLabels:
      app: cart
  ingress:
    - from:
        - podSelector:
            matchLabels:
              app: ${from}
`;

const BEFORE = [app("web"), app("cart"), app("job"), service("web"), service("cart"), ingress("cart"), policy("web")].join("---\n");
const NOW = [app("web"), app("cart", 2), app("job"), service("web"), service("cart"), service("job", 9000), ingress("web"), policy("job")].join("---\n");

const block = (title) => page.locator("section.block", { has: page.getByRole("heading", { name: title, exact: true }) });

describe("two versions", { timeout: 120_000 }, () => {
  before(async () => {
    await openFiles(page, [{ name: "all.yaml", text: BEFORE }], { panel: "compare", asked: { url: "http://shop.example.com/cart" } });
    await page.getByRole("button", { name: "Set this version aside" }).click();
    await page.getByText("The two versions give the same answers.").waitFor();
    await openFiles(page, [{ name: "all.yaml", text: NOW }], { panel: "compare", asked: { url: "http://shop.example.com/cart" } });
    await block("Requests").waitFor();
  });

  test("the class of requests that another Service takes", async () => {
    const [change, ...more] = await block("Requests").locator(".changes > li").all();
    assert.equal(more.length, 0);
    assert.match(await change.innerText(), /changed\s+shop\.example\.com \/cart and below\s+before to default\/cart:80, now to default\/web:80\s+such as http:\/\/shop\.example\.com\/cart/);
  });

  test("the connections that are let through now, and those that no longer are", async () => {
    const rows = (await block("Connections").locator(".changes > li").allInnerTexts()).map((text) => text.replaceAll(/\s+/g, " "));
    assert.deepEqual(rows.sort(), ["allowed default/job → default/cart: every port", "denied default/web → default/cart: every port"]);
  });

  test("endpoints, names and environment", async () => {
    const endpoints = await block("Endpoints").innerText();
    assert.match(endpoints, /new\s+job/);
    assert.match(endpoints, /changed\s+cart/);
    assert.equal(await block("Endpoints").locator(".change-lines .new").count(), 2);
    assert.match(await block("DNS").innerText(), /new\s+job\.default\.svc\.cluster\.local A\s+now:\s+A 10\.0\./);
    const environment = await block("Environment of containers").innerText();
    assert.match(environment, /JOB_SERVICE_PORT=9000/);
    assert.match(environment, /changed\s+(cart|job|web), (cart|job|web), (cart|job|web)/);
  });

  test("the journey, the objects, and their places", async () => {
    assert.match(await page.locator("section.block", { hasText: "The journey to" }).innerText(), /before[^]*cart[^]*now[^]*web/);
    const objects = await block("Objects").innerText();
    for (const name of ["Deployment cart", "Ingress front", "NetworkPolicy cart", "Service job"]) assert.match(objects, new RegExp(name));
    assert.doesNotMatch(objects, /Service cart|Deployment web/);
  });

  test("another controller's ways are a difference too", async () => {
    await openFiles(page, [{ name: "all.yaml", text: BEFORE }], { panel: "compare" });
    await page.getByText("The two versions give the same answers.").waitFor();
    await page.getByLabel("Controller now").selectOption({ label: "Contour" });
    await page.getByText("The two versions give the same answers.").waitFor();
    const then = page.getByLabel("Controller before");
    assert.equal(await then.inputValue(), "contour");
    await then.selectOption({ label: "ingress-nginx" });
    for (const name of ["Contour", "ingress-nginx"]) await page.locator(".note", { hasText: new RegExp(`^${name}`) }).waitFor();
  });

  test("nothing went wrong", () => assert.deepEqual(page.wrong, []));
});
