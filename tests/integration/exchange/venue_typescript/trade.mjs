// Trades on a CLOB with the venue's official TypeScript client and prints what it was answered as one JSON line.
//
// usage: node trade.mjs CLOB_URL PRIVATE_KEY TOKEN_ID

import { ClobClient, OrderType, Side } from "@polymarket/clob-client-v2";
import { Wallet } from "ethers";

const [clobUrl, privateKey, tokenID] = process.argv.slice(2);
const signer = new Wallet(privateKey);
const connection = { host: clobUrl, chain: 137, signer, throwOnError: true };

const created = await new ClobClient(connection).createApiKey();
const derived = await new ClobClient(connection).deriveApiKey();
const client = new ClobClient({ ...connection, creds: derived });

const limitOrder = await client.createOrder({ tokenID, price: 0.02, size: 50, side: Side.BUY });
const posted = await client.postOrder(limitOrder, OrderType.GTC);
const found = await client.getOrder(posted.orderID);
const open = await client.getOpenOrders({ asset_id: tokenID });
const canceled = await client.cancelOrder({ orderID: posted.orderID });
const openAfterwards = await client.getOpenOrders({ asset_id: tokenID });

const book = await client.getOrderBook(tokenID);
const bestAsk = Number(book.asks.at(-1).price);
const marketOrder = await client.createMarketOrder({
  tokenID,
  price: bestAsk,
  amount: 5,
  side: Side.BUY,
  orderType: OrderType.FAK,
});
const matched = await client.postOrder(marketOrder, OrderType.FAK);
const trades = await client.getTrades({ maker_address: signer.address });
const balance = await client.getBalanceAllowance({ asset_type: "COLLATERAL" });

const duplicated = await client.postOrder(marketOrder, OrderType.FAK).then(
  () => "",
  (error) => error.message,
);

console.log(
  JSON.stringify({
    sameKey: created.key === derived.key && created.secret === derived.secret,
    version: await client.getVersion(),
    posted,
    found,
    open,
    canceled,
    openAfterwards,
    bookHash: { sent: book.hash, asks: book.asks.length },
    matched,
    trades,
    balance,
    duplicated,
  }),
);
