// Asks for a signature as a page in a browser does, with the library as it is published. What to ask is JSON on standard
// input: {url, method, args}, where an argument "!name" stands for one of the library's constants. What came of it is JSON on
// standard output: {version, result} or {version, error, cancelledByUser}.
'use strict';

const { NCALayerClient } = require('ncalayer-js-client');

async function main() {
  const chunks = [];
  for await (const chunk of process.stdin) chunks.push(chunk);
  const { url, method, args } = JSON.parse(Buffer.concat(chunks).toString('utf8'));
  const client = new NCALayerClient(url, false);
  const answer = {};
  try {
    answer.version = await client.connect();
    const given = (args || []).map((arg) => (typeof arg === 'string' && arg.startsWith('!') ? NCALayerClient[arg.slice(1)] : arg));
    answer.result = await client[method](...given);
  } catch (error) {
    answer.error = error.message;
    answer.cancelledByUser = error.canceledByUser === true;
  }
  process.stdout.write(JSON.stringify(answer), () => process.exit(0));
}

main();
