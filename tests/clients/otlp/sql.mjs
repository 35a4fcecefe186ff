// Asks one question as a user of @clickhouse/client would: node sql.mjs URL DATABASE CUSTOMER. Prints one JSON line.
import { createClient } from "@clickhouse/client";

const [url, database, customer] = process.argv.slice(2);
const client = createClient({ url, database, compression: { response: true }, request_timeout: 30_000 });

const ping = await client.ping();
const rows = await (
  await client.query({
    query: `SELECT customer_id, feature_id, toString(sum(cost)) AS cost, toString(sum(calls)) AS calls
      FROM cost_ledger WHERE customer_id = {customer: String} GROUP BY customer_id, feature_id`,
    query_params: { customer },
    format: "JSONEachRow",
  })
).json();
let refused = null;
try {
  await client.query({ query: "SELECT * FROM file('/etc/passwd', 'LineAsString')", format: "JSON" });
} catch (error) {
  refused = error.type;
}
await client.close();
console.log(JSON.stringify({ ping: ping.success, rows, refused }));
