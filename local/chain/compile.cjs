// Compiles the contracts of one folder and writes {name: {abi, creation}} as JSON to standard output.
const fs = require("fs");
const path = require("path");
const solc = require("solc");

const folder = process.argv[2];
const sources = {};
for (const file of fs.readdirSync(folder).filter((name) => name.endsWith(".sol")).sort()) {
  sources[file] = { content: fs.readFileSync(path.join(folder, file), "utf8") };
}
const input = {
  language: "Solidity",
  sources,
  settings: {
    optimizer: { enabled: true, runs: 200 },
    evmVersion: "cancun",
    metadata: { bytecodeHash: "none" },
    outputSelection: { "*": { "*": ["abi", "evm.bytecode.object"] } },
  },
};
const find = (name) => {
  const file = path.basename(name);
  return sources[file] ? { contents: sources[file].content } : { error: `no such file: ${name}` };
};
const output = JSON.parse(solc.compile(JSON.stringify(input), { import: find }));
const errors = (output.errors || []).filter((entry) => entry.severity === "error");
if (errors.length > 0) {
  process.stderr.write(errors.map((entry) => entry.formattedMessage).join("\n"));
  process.exit(1);
}
const contracts = {};
for (const file of Object.values(output.contracts)) {
  for (const [name, contract] of Object.entries(file)) {
    if (contract.evm.bytecode.object) {
      contracts[name] = { abi: contract.abi, creation: "0x" + contract.evm.bytecode.object };
    }
  }
}
process.stdout.write(JSON.stringify(contracts));
