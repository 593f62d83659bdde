// A shop's server with the client that openapi-typescript and openapi-fetch make of /schema.
//
//   pay.js create                    makes a payment and prints its token
//   pay.js after TOKEN TRACKING_ID   reads, lists and refunds it, once the customer has paid
import createClient from "openapi-fetch";
import type { components, paths } from "./schema.js";

type Order = components["schemas"]["Order"];

const { CHECKOUT, SHOP_ID, SHOP_SECRET } = process.env as Record<string, string>;
const api = createClient<paths>({
  baseUrl: CHECKOUT!,
  headers: { Authorization: `Basic ${btoa(`${SHOP_ID}:${SHOP_SECRET}`)}` },
});

function sure<T>(answer: { data?: T; error?: { message: string } }): T {
  if (answer.data === undefined) throw new Error(answer.error?.message ?? "no answer");
  return answer.data;
}

async function create(): Promise<unknown> {
  const order: Order = {
    amount: 1999,
    currency: "EUR",
    description: "Two tickets",
    tracking_id: "from-typescript",
  };
  const made = sure(
    await api.POST("/ctp/api/checkouts", {
      body: { checkout: { transaction_type: "payment", test: true, order } },
      params: { header: { "Idempotency-Key": "from-typescript" } },
    }),
  );
  const wrong = await api.POST("/ctp/api/checkouts", {
    body: { checkout: { transaction_type: "payment", order: { ...order, amount: 0 } } },
  });
  return { token: made.checkout.token, refused: Object.keys(wrong.error?.errors ?? {}) };
}

async function after(token: string, tracking_id: string): Promise<unknown> {
  const read = sure(await api.GET("/ctp/api/checkouts/{token}", { params: { path: { token } } }));
  const found = sure(
    await api.GET("/transactions", { params: { query: { tracking_id, limit: 1 } } }),
  );
  const paid = found.transactions[0]!;
  const refund = sure(
    await api.POST("/transactions/refunds", {
      body: { request: { parent_uid: paid.uid, amount: 500, reason: "returned" } },
    }),
  );
  const pages: string[] = [];
  for (let after: string | null | undefined; after !== null; ) {
    const query = { tracking_id, limit: 1, ...(after ? { after } : {}) };
    const page = sure(await api.GET("/transactions", { params: { query } }));
    pages.push(...page.transactions.map((each) => each.type));
    after = page.next;
  }
  return {
    status: read.checkout.status,
    paid: paid.status,
    refund: refund.transaction.status,
    parent: refund.transaction.parent_uid === paid.uid,
    pages,
  };
}

const [step, ...rest] = process.argv.slice(2);
const said = step === "create" ? await create() : await after(rest[0]!, rest[1]!);
console.log(JSON.stringify(said));
