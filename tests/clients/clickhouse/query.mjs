// Runs as a user of @clickhouse/client would: node query.mjs URL DATABASE USER PASSWORD. Prints one JSON line.
import { createClient } from "@clickhouse/client";

const [url, database, username, password] = process.argv.slice(2);
const client = createClient({ url, database, username, password, compression: { response: true }, request_timeout: 30_000 });

const ping = await client.ping();
const rows = await (
  await client.query({
    query: `SELECT customer_id, toString(sum(cost)) AS cost, sum(calls) AS calls
      FROM cost_ledger WHERE customer_id = {customer: String} GROUP BY customer_id`,
    query_params: { customer: "c-1" },
    format: "JSONEachRow",
  })
).json();
const json = await (await client.query({ query: "SELECT count() AS n FROM cost_hourly", format: "JSON" })).json();
const streamed = [];
const stream = (await client.query({ query: "SELECT number FROM numbers(3)", format: "JSONCompactEachRow" })).stream();
for await (const chunk of stream) for (const row of chunk) streamed.push(row.json());

let refused;
try {
  await client.query({ query: "SELECT file('/etc/passwd')", format: "JSON" });
} catch (error) {
  refused = { code: error.code, type: error.type };
}
let written;
try {
  await client.insert({ table: "cost_ledger", values: [{ cost: 1 }], format: "JSONEachRow" });
} catch (error) {
  written = { code: error.code, type: error.type };
}
await client.close();
console.log(JSON.stringify({ ping: ping.success, rows, statistics: json.rows, streamed, refused, written }));
