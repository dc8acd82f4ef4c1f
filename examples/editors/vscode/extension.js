// Starts `portolan lsp` for YAML and JSON, and ends it.
const { LanguageClient } = require("vscode-languageclient/node");

let client;

exports.activate = () => {
  const server = { command: "portolan", args: ["lsp"] };
  const documents = { documentSelector: [{ language: "yaml" }, { language: "json" }] };
  client = new LanguageClient("portolan", "Portolan", server, documents);
  return client.start();
};

exports.deactivate = () => client?.stop();
