-- The rows of a year, from the settings `year.*` that benchmarks/year.py makes. Numbers follow from each other by
-- arithmetic, so that the same settings give the same rows.

CREATE TEMP TABLE fact ON COMMIT DROP AS
SELECT
    current_setting('year.now')::timestamptz AS now,
    current_setting('year.start')::timestamptz AS start,
    current_setting('year.days')::int AS days,
    current_setting('year.trades')::int AS trades,
    current_setting('year.an_order')::int AS an_order,
    current_setting('year.a_market')::int AS a_market,
    current_setting('year.strategies')::int AS strategies,
    current_setting('year.wallet_count')::int AS wallets,
    current_setting('year.looks')::int AS looks,
    current_setting('year.owner') AS owner,
    current_setting('year.config')::jsonb AS config,
    current_setting('year.config_hash') AS config_hash;

CREATE TEMP TABLE wallet ON COMMIT DROP AS
SELECT
    number - 1 AS w,
    coalesce((current_setting('year.wallets')::uuid[])[number], md5('year wallet ' || number)::uuid) AS id
FROM fact, generate_series(1, fact.wallets) AS number;

INSERT INTO trading_wallets (
    trading_wallet_id, owner_id, name, address, signature_type, secret_name, opening_balance_usd, created_at,
    verification, verified_at
)
SELECT
    wallet.id, fact.owner, 'year ' || wallet.w, '0x' || substr(md5('a' || wallet.w) || md5('b' || wallet.w), 1, 40), 0,
    'live-trading/wallets/' || fact.owner || '/year' || wallet.w, 1000000, fact.start, 'VERIFIED', fact.start
FROM fact, wallet
WHERE NOT EXISTS (SELECT 1 FROM trading_wallets AS known WHERE known.trading_wallet_id = wallet.id);

CREATE TEMP TABLE strategy ON COMMIT DROP AS
SELECT
    k, md5('year strategy ' || k)::uuid AS id, md5('year paper ' || k)::uuid AS paper, wallet.id AS wallet,
    '0x' || substr(md5('t' || k) || md5('u' || k), 1, 40) AS trader
FROM fact, generate_series(0, fact.strategies - 1) AS k
INNER JOIN wallet ON TRUE
WHERE wallet.w = k % fact.wallets;

INSERT INTO traders (trader_address, is_followed, created_at)
SELECT strategy.trader, TRUE, fact.start FROM fact, strategy;

INSERT INTO ft_wallets (
    ft_wallet_id, owner_id, name, is_active, starting_balance_usd, current_version, created_at, updated_at
)
SELECT strategy.paper, fact.owner, 'year ' || k, TRUE, 1000000, 1, fact.start, fact.start
FROM fact, strategy ORDER BY k;

INSERT INTO ft_wallet_versions (ft_wallet_id, version, config, config_hash, created_by, created_at)
SELECT
    strategy.paper, 1, fact.config || jsonb_build_object('target_traders', jsonb_build_array(strategy.trader)),
    fact.config_hash, fact.owner, fact.start
FROM fact, strategy;

INSERT INTO lt_strategies (
    lt_strategy_id, owner_id, name, ft_wallet_id, trading_wallet_id, is_active, initial_capital_usd, order_type,
    slippage_bound_fraction, max_signal_age_seconds, time_zone, launched_at, created_at, updated_at
)
SELECT
    strategy.id, fact.owner, 'year ' || k, strategy.paper, strategy.wallet, TRUE, 10000, 'FAK', 0.05, 600, 'UTC',
    fact.start, fact.start, fact.start
FROM fact, strategy ORDER BY k;

INSERT INTO lt_risk_rules (lt_strategy_id, daily_budget_usd, max_consecutive_losses, updated_at)
SELECT strategy.id, 100000, 1000, fact.start FROM fact, strategy;

CREATE TEMP TABLE trade ON COMMIT DROP AS
SELECT
    i, (i + i / fact.an_order) % fact.strategies AS k, 1 + (i - 1) / fact.a_market AS m, (i * 13 / 7) % 2 AS outcome,
    round(0.05 + (i * 37 % 90) / 100.0, 2) AS price, (10 + i % 200)::numeric AS shares,
    CASE WHEN i % fact.an_order = 0 OR i % 5 <> 0 THEN 'BUY' ELSE 'SELL' END AS side,
    fact.start + (fact.now - fact.start) * (i::float8 / fact.trades) - interval '10 minutes' AS at,
    CASE WHEN i % fact.an_order = 0 THEN i / fact.an_order END AS n
FROM fact, generate_series(1, fact.trades) AS i;

CREATE TEMP TABLE market ON COMMIT DROP AS
SELECT
    m, '0x' || md5('c' || m) || md5('d' || m) AS condition,
    ARRAY['1' || lpad((2 * m)::text, 76, '0'), '1' || lpad((2 * m + 1)::text, 76, '0')] AS tokens,
    max(at) + interval '1 day' AS ends, m % 2 AS winner, 'year-market-' || m AS slug
FROM trade GROUP BY m;

ALTER TABLE market ADD PRIMARY KEY (m);
ANALYZE market;

INSERT INTO markets (
    condition_id, version, question, slug, category, tags, event_id, outcomes, token_ids, is_open, accepting_orders,
    end_time, tick_size, minimum_order_shares, fee_rate, fee_exponent, neg_risk, resolution_state,
    resolution_state_since, payout_numerators, payout_denominator, resolved_at, refreshed_at
)
SELECT
    condition, 'v1', 'Will number ' || m || ' of the year be above its strike at the end of the day?', slug,
    (ARRAY['Crypto', 'Sports', 'Politics'])[1 + m % 3], '{}', (m / 4)::text, '{Yes,No}', tokens, ends > now, ends > now, ends,
    0.01, 5, 0, 1, FALSE, CASE WHEN ends > now THEN 'OPEN' ELSE 'RESOLVED' END, ends,
    CASE WHEN ends <= now THEN ARRAY[1 - winner, winner]::numeric[] END, CASE WHEN ends <= now THEN 1 END,
    CASE WHEN ends <= now THEN ends END, least(ends, now)
FROM fact, market ORDER BY m;

INSERT INTO market_book_fees SELECT condition, 0, 1, least(ends, now) FROM fact, market;

INSERT INTO feed_resolutions SELECT '0x' || ltrim(substr(condition, 3), '0'), ends FROM fact, market WHERE ends <= now;

INSERT INTO source_trades (
    transaction_hash, token_id, trader_address, side, price, shares, occurrence, condition_id, outcome, outcome_index,
    title, slug, trade_time, seen_at
)
SELECT
    '0x' || md5('x' || i) || md5('y' || i), market.tokens[outcome + 1], strategy.trader, side, price, shares, 0,
    market.condition, (ARRAY['Yes', 'No'])[outcome + 1], outcome,
    'Will number ' || m || ' of the year be above its strike at the end of the day?', market.slug, at,
    at + interval '3 seconds'
FROM trade INNER JOIN market USING (m) INNER JOIN strategy USING (k) ORDER BY i;

ALTER TABLE trade ADD COLUMN id bigint;
UPDATE trade SET id = i + (SELECT coalesce(min(source_trade_id), 1) - 1 FROM source_trades);

INSERT INTO cursors (cursor_name, position, updated_at)
SELECT 'ingest:' || strategy.trader, to_char(now AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS+00:00'), now
FROM fact, strategy
UNION ALL
SELECT 'decided:' || kind || ':' || subject, (SELECT coalesce(max(source_trade_id), 0) FROM source_trades)::text, now
FROM fact, strategy
CROSS JOIN LATERAL (VALUES ('ft', strategy.paper), ('lt', strategy.id)) AS of_kind (kind, subject)
ON CONFLICT DO NOTHING;

INSERT INTO decision_evidence (source_trade_id, evidence_key, shared)
SELECT
    trade.id, hashtextextended(trade.id::text, 0),
    jsonb_build_object(
        'trade', jsonb_build_object(
            'transaction_hash', '0x' || md5('x' || i) || md5('y' || i), 'token_id', market.tokens[outcome + 1],
            'trader', strategy.trader, 'side', side, 'price', price::text, 'shares', shares::text,
            'condition_id', market.condition, 'title', market.slug, 'trade_time', at
        ),
        'stats', jsonb_build_object('as_of', date_trunc('hour', at), 'last_30_days', '40/26', 'lifetime', '200/120'),
        'market', jsonb_build_object(
            'condition_id', market.condition, 'slug', market.slug, 'token_ids', to_jsonb(market.tokens), 'end_time', ends
        ),
        'prior_mean', '0.5', 'model_name', NULL
    )
FROM trade INNER JOIN market USING (m) INNER JOIN strategy USING (k) ORDER BY i;

INSERT INTO decisions (
    source_trade_id, ft_wallet_id, lt_strategy_id, config_version, verdict, reason, checks, risk_checks, stake_usd,
    probability, cost_per_share, edge, conviction, evidence_key, own, hash, decided_at
)
SELECT
    trade.id, strategy.paper, CASE WHEN is_live THEN strategy.id END, 1,
    CASE WHEN n IS NOT NULL THEN 'ACCEPTED' ELSE 'REJECTED' END,
    CASE WHEN n IS NOT NULL THEN 'accepted' WHEN side = 'SELL' THEN 'not_an_entry' ELSE 'edge_too_small' END,
    jsonb_build_array(jsonb_build_array('edge', '0.01', '0', n IS NOT NULL)), '[]',
    CASE WHEN n IS NOT NULL THEN 20 ELSE 0 END, 0.65, price, 0.65 - price, 1, hashtextextended(trade.id::text, 0),
    jsonb_build_object('bankroll_usd', '10000', 'max_signal_age_seconds', 600),
    sha256(convert_to(i::text || is_live::text, 'UTF8')), at + interval '4 seconds'
FROM trade INNER JOIN strategy USING (k) CROSS JOIN (VALUES (FALSE), (TRUE)) AS subject (is_live)
ORDER BY i, is_live;

CREATE TEMP TABLE made ON COMMIT DROP AS
SELECT
    n, trade.id AS trade_id, k, m, trade.outcome, price, at, n % 10 <> 0 AS is_filled,
    md5('order ' || n)::uuid AS id, md5('paper order ' || n)::uuid AS paper_id,
    '0x' || md5('h' || n) || md5('i' || n) AS hash,
    round(20 / price, 2) AS shares, round(round(20 / price, 2) * price, 6) AS cost, round(0.1 + n % 7 / 100.0, 6) AS fee,
    22.0::numeric AS reserved, strategy.id AS strategy, strategy.wallet, strategy.paper, market.condition,
    market.tokens[trade.outcome + 1] AS token, ends, ends <= now AS is_over, trade.outcome = winner AS is_won
FROM fact, trade INNER JOIN market USING (m) INNER JOIN strategy USING (k)
WHERE n IS NOT NULL;

ALTER TABLE made ADD PRIMARY KEY (n);
ANALYZE made;

INSERT INTO ft_orders (
    ft_order_id, ft_wallet_id, config_version, source_trade_id, token_id, condition_id, outcome_index, signal_price,
    stake_usd, fill_method, fill_result, fill_price, shares, cost_usd, fee_usd, book_hash, book_taken_at, trade_time,
    decided_at, outcome, pnl_usd, resolved_at
)
SELECT
    paper_id, paper, 1, trade_id, token, condition, outcome, price, 20, 'book', 'FULL', price, shares, cost, fee,
    md5('b' || n), at + interval '4 seconds', at, at + interval '4 seconds',
    CASE WHEN NOT is_over THEN 'OPEN' WHEN is_won THEN 'WON' ELSE 'LOST' END,
    CASE WHEN is_over THEN CASE WHEN is_won THEN shares ELSE 0 END - cost - fee END, CASE WHEN is_over THEN ends END
FROM made ORDER BY n;

INSERT INTO lt_orders (
    lt_order_id, lt_strategy_id, trading_wallet_id, decision_id, source_trade_id, purpose, token_id, condition_id,
    outcome_index, side, order_type, limit_price, order_usd, order_shares, fee_bound_usd, reserved_usd, signal_price,
    signal_size_usd, signed_payload, order_hash, state, best_bid, best_ask, midpoint, book_hash, trade_time, seen_at,
    decided_at, intent_at, sent_at, answered_at, finished_at, outcome, pnl_usd, ft_order_id, ft_pnl_usd, resolved_at,
    sends, last_look_at, answer_status
)
SELECT
    made.id, strategy, wallet, decided.decision_id, trade_id, 'ENTRY', token, condition, made.outcome, 'BUY', 'FAK', least(price + 0.01, 0.99),
    20, shares, 1, reserved, price, 20, jsonb_build_object('salt', n, 'tokenId', token, 'signature', '0x' || repeat(md5('s' || n), 4), 'maker', '0x' || substr(md5('a' || n) || md5('b'), 1, 40), 'timestamp', n::text), made.hash,
    CASE WHEN is_filled THEN 'FILLED' ELSE 'CANCELLED' END, price - 0.01, price, price, md5('b' || n), at,
    at + interval '3 seconds', at + interval '4 seconds', at + interval '4 seconds', at + interval '4100 milliseconds',
    at + interval '4500 milliseconds', at + interval '8 seconds',
    CASE WHEN NOT is_filled THEN 'NOT_FILLED' WHEN NOT is_over THEN 'OPEN' WHEN is_won THEN 'WON' ELSE 'LOST' END,
    CASE WHEN NOT is_filled THEN 0 WHEN is_over THEN CASE WHEN is_won THEN shares ELSE 0 END - cost - fee END,
    paper_id, CASE WHEN is_over THEN CASE WHEN is_won THEN shares ELSE 0 END - cost - fee END,
    CASE WHEN is_over THEN ends END, 1, at + interval '1 minute', 'matched'
FROM made
INNER JOIN decisions AS decided ON decided.lt_strategy_id = made.strategy AND decided.source_trade_id = made.trade_id
ORDER BY n;

INSERT INTO orders (
    order_hash, trading_wallet_id, origin, lt_strategy_id, lt_order_id, signal_price, signal_size_usd, condition_id,
    token_id, side, price, venue_status, matched_shares, first_seen_at, last_seen_at
)
SELECT
    hash, wallet, 'INTENT', strategy, id, price, 20, condition, token, 'BUY', price,
    CASE WHEN is_filled THEN 'MATCHED' ELSE 'CANCELED' END, CASE WHEN is_filled THEN shares ELSE 0 END,
    at + interval '5 seconds', at + interval '8 seconds'
FROM made ORDER BY n;

INSERT INTO fills (
    venue_trade_id, order_hash, lt_order_id, lt_strategy_id, trading_wallet_id, condition_id, token_id, outcome_index,
    side, shares, price, cost_usd, fee_usd, role, status, transaction_hash, match_time, confirmed_at, recorded_at,
    expected_shares, expected_usd, expected_fee_usd, venue_confirmed_at, receipt_read_at
)
SELECT
    md5('trade ' || n)::uuid::text, hash, id, strategy, wallet, condition, token, outcome, 'BUY', shares, price, cost,
    fee, 'TAKER', 'CONFIRMED', '0x' || md5('f' || n) || md5('g' || n), at + interval '5 seconds',
    at + interval '20 seconds', at + interval '8 seconds', shares, cost, fee, at + interval '15 seconds',
    at + interval '20 seconds'
FROM made WHERE is_filled ORDER BY n;

CREATE TEMP TABLE ended ON COMMIT DROP AS
SELECT
    m, wallet, strategy, token, condition, ends, is_won, sum(shares) AS shares, sum(cost) AS cost,
    CASE WHEN is_won THEN sum(shares) ELSE 0 END AS payout
FROM made WHERE is_filled AND is_over GROUP BY m, wallet, strategy, token, condition, ends, is_won;

CREATE TEMP TABLE redeemed ON COMMIT DROP AS
SELECT
    m, wallet, condition, ends, sum(payout) AS payout, bool_or(is_won) AS is_paid,
    md5('redemption ' || wallet || m)::uuid AS id, md5('send ' || wallet || m)::uuid AS send,
    row_number() OVER (PARTITION BY wallet ORDER BY m) AS nonce
FROM ended GROUP BY m, wallet, condition, ends;

INSERT INTO chain_sends (
    chain_send_id, trading_wallet_id, channel, state, payer, nonce, transaction_hash, block_number, gas_used,
    gas_price_wei, prepared_at, signed_at, finished_at
)
SELECT
    send, redeemed.wallet, 'EOA', 'CONFIRMED', paying.address, nonce, '0x' || md5('r' || send) || md5('s' || send),
    80000000 + m, 210000, 30000000000, ends + interval '10 minutes', ends + interval '10 minutes',
    ends + interval '11 minutes'
FROM redeemed INNER JOIN trading_wallets AS paying ON paying.trading_wallet_id = redeemed.wallet
WHERE is_paid ORDER BY m;

INSERT INTO chain_send_versions (
    transaction_hash, chain_send_id, version, signed_transaction, max_fee_wei, priority_fee_wei, signed_at
)
SELECT
    '0x' || md5('r' || send) || md5('s' || send), send, 1, '0x' || repeat(md5('q' || send), 14), 60000000000,
    30000000000, ends + interval '10 minutes'
FROM redeemed WHERE is_paid ORDER BY m;

INSERT INTO lt_redemptions (
    lt_redemption_id, trading_wallet_id, condition_id, kind, state, expected_usd, redemption_amount_usd,
    transaction_hash, block_number, redemption_attempts, market_resolved_at, created_at, redeemed_at, chain_send_id,
    owed_usd, settled_by
)
SELECT
    id, wallet, condition, 'STANDARD', CASE WHEN is_paid THEN 'BOOKED' ELSE 'NOTHING_TO_DO' END, payout,
    CASE WHEN is_paid THEN payout END, CASE WHEN is_paid THEN '0x' || md5('r' || send) || md5('s' || send) END,
    CASE WHEN is_paid THEN 80000000 + m END, CASE WHEN is_paid THEN 1 ELSE 0 END, ends, ends,
    CASE WHEN is_paid THEN ends + interval '11 minutes' END, CASE WHEN is_paid THEN send END, payout,
    CASE WHEN is_paid THEN 'OURSELVES' END
FROM redeemed ORDER BY m;

CREATE TEMP TABLE booking (
    ref text, kind text, at timestamptz, wallet uuid, strategy uuid, account text, token text, usd numeric, shares numeric
) ON COMMIT DROP;

INSERT INTO booking
SELECT 'deposit:' || wallet.id || ':year', 'DEPOSIT', start, wallet.id, NULL, account, NULL, usd, 0
FROM fact, wallet CROSS JOIN LATERAL (
    VALUES ('UNALLOCATED', 10000.0 * fact.strategies), ('TRANSFERS', -10000.0 * fact.strategies)
) AS entry (account, usd);

INSERT INTO booking
SELECT 'allocation:' || strategy.id, 'ALLOCATION', start, strategy.wallet, of, account, NULL, usd, 0
FROM fact, strategy CROSS JOIN LATERAL (
    VALUES ('UNALLOCATED', NULL::uuid, -10000.0), ('CASH', strategy.id, 10000.0),
    ('TRANSFERS', strategy.id, -10000.0), ('TRANSFERS', NULL, 10000.0)
) AS entry (account, of, usd);

INSERT INTO booking
SELECT ref, kind, at + after, wallet, strategy, account, CASE WHEN account = 'POSITION_COST' THEN token END, usd, moved
FROM made CROSS JOIN LATERAL (
    VALUES
    ('reservation:' || id, 'RESERVATION', interval '4 seconds', 'CASH', -reserved, 0.0, TRUE),
    ('reservation:' || id, 'RESERVATION', interval '4 seconds', 'RESERVED', reserved, 0.0, TRUE),
    ('fill:' || md5('trade ' || n)::uuid || ':' || hash, 'FILL', interval '5 seconds', 'RESERVED', -(cost + fee), 0.0, is_filled),
    ('fill:' || md5('trade ' || n)::uuid || ':' || hash, 'FILL', interval '5 seconds', 'POSITION_COST', cost, shares, is_filled),
    ('fill:' || md5('trade ' || n)::uuid || ':' || hash, 'FILL', interval '5 seconds', 'FEES', fee, 0.0, is_filled),
    ('release:' || id || ':rest', 'RELEASE', interval '8 seconds', 'RESERVED', -(reserved - CASE WHEN is_filled THEN cost + fee ELSE 0 END), 0.0, TRUE),
    ('release:' || id || ':rest', 'RELEASE', interval '8 seconds', 'CASH', reserved - CASE WHEN is_filled THEN cost + fee ELSE 0 END, 0.0, TRUE)
) AS entry (ref, kind, after, account, usd, moved, happened)
WHERE happened;

INSERT INTO booking
SELECT
    'resolution:' || condition || ':' || token || ':' || strategy, 'RESOLUTION', ends + interval '5 minutes', wallet, strategy, account,
    CASE WHEN account <> 'REALISED_PNL' THEN token END, usd, moved
FROM ended CROSS JOIN LATERAL (
    VALUES ('POSITION_COST', -cost, -shares), ('PENDING_REDEMPTION', payout, shares), ('REALISED_PNL', cost - payout, 0.0)
) AS entry (account, usd, moved);

INSERT INTO booking
SELECT
    'redemption:' || redeemed.id || ':' || token || ':' || strategy, 'REDEMPTION', ended.ends + interval '11 minutes', wallet, strategy,
    account, CASE WHEN account = 'PENDING_REDEMPTION' THEN token END, usd, moved
FROM ended INNER JOIN redeemed USING (m, wallet) CROSS JOIN LATERAL (
    VALUES ('PENDING_REDEMPTION', -ended.payout, -shares), ('CASH', ended.payout, 0.0)
) AS entry (account, usd, moved)
WHERE is_paid AND (usd <> 0 OR moved <> 0);

INSERT INTO booking
SELECT 'gas:' || send, 'GAS', ends + interval '11 minutes', wallet, NULL, account, NULL, usd, 0
FROM redeemed CROSS JOIN LATERAL (VALUES ('GAS', 0.0016), ('TRANSFERS', -0.0016)) AS entry (account, usd)
WHERE is_paid;

INSERT INTO ledger_transactions (source_reference, kind, occurred_at, recorded_at)
SELECT ref, min(kind), min(at), min(at) FROM booking GROUP BY ref ORDER BY min(at), ref;

INSERT INTO ledger_entries (
    ledger_transaction_id, trading_wallet_id, lt_strategy_id, account, token_id, amount_usd, shares
)
SELECT booked.ledger_transaction_id, wallet, strategy, account, token, usd, shares
FROM booking INNER JOIN ledger_transactions AS booked ON booked.source_reference = booking.ref
WHERE usd <> 0 OR shares <> 0
ORDER BY booked.ledger_transaction_id;

INSERT INTO lt_gaps (
    lt_strategy_id, ft_order_id, source_trade_id, condition_id, ft_pnl_usd, lt_pnl_usd, timing_usd, spread_and_depth_usd,
    rounding_usd, fee_usd, partial_fill_usd, missed_usd, sizing_usd, settlement_failure_usd, exit_usd, computed_at
)
SELECT
    strategy, paper_id, trade_id, condition, pnl, CASE WHEN is_filled THEN pnl ELSE 0 END, 0, 0, 0, 0, 0,
    CASE WHEN is_filled THEN 0 ELSE pnl END, 0, 0, 0, ends
FROM made CROSS JOIN LATERAL (SELECT CASE WHEN is_won THEN shares ELSE 0 END - cost - fee AS pnl) AS side
WHERE is_over ORDER BY n;

INSERT INTO position_marks
SELECT wallet, token, min(price), max(now) FROM fact, made WHERE is_filled AND NOT is_over GROUP BY wallet, token;

INSERT INTO equity_snapshots (
    lt_strategy_id, taken_at, equity_usd, available_usd, reserved_usd, position_cost_usd, pending_redemption_usd,
    realised_pnl_usd, marked_equity_usd, transfers_in_usd
)
SELECT strategy.id, at, 10000, 9000, 0, 1000, 0, 100, 10000, 10000
FROM fact, generate_series(fact.start, fact.now, interval '1 day' / fact.looks) AS at, strategy
ORDER BY at, k;

INSERT INTO trader_stats
SELECT strategy.trader, date_trunc('hour', at, 'UTC'), 40, 26, 60, 200, 120, 60
FROM fact, strategy CROSS JOIN LATERAL (
    SELECT generate_series(fact.start, fact.now, interval '1 day' / fact.looks)
    UNION ALL
    SELECT fact.now
    UNION ALL
    SELECT fact.now + interval '1 hour'
) AS moment (at)
ON CONFLICT DO NOTHING;

INSERT INTO trader_histories (
    trader_address, pass_number, began_at, reads_after, complete_to, whole_at, has_undated_trades
)
SELECT trader, 400, now, now, now, now, FALSE FROM fact, strategy;

INSERT INTO trader_trade_hours
SELECT
    trader,
    CASE
        WHEN at < now - interval '62 days' THEN date_trunc('day', at, 'UTC') + interval '1 day'
        ELSE date_trunc('hour', at, 'UTC') + interval '1 hour'
    END,
    count(*), 0, sum(price * shares)
FROM fact, trade INNER JOIN strategy USING (k) GROUP BY 1, 2;

INSERT INTO trader_positions
SELECT DISTINCT ON (trader, tokens[outcome + 1]) trader, FALSE, tokens[outcome + 1], ends, 5.0, NULL::timestamptz, 1
FROM fact, trade INNER JOIN market USING (m) INNER JOIN strategy USING (k) WHERE ends <= now;

INSERT INTO lt_health_checks (check_type, check_status, details, checked_at)
SELECT
    (ARRAY['venue', 'feed', 'chain', 'clock', 'database', 'breaks', 'orders', 'overdrafts', 'exits', 'job lt-execute'])[kind], 'HEALTHY',
    '{"detail": "server time as it should be"}', at
FROM fact, generate_series(fact.start, fact.now, interval '1 day' / (fact.looks * 12)) AS at, generate_series(1, 10) AS kind
ORDER BY at, kind;

INSERT INTO lt_alerts (
    alert_type, severity, worst_severity, subject, title, message, status, created_at, last_seen_at, resolved_at, scope,
    owner_id
)
SELECT
    'part_failure', 'WARNING', 'WARNING', 'lt-execute: part ' || n, 'a part fails', 'it works again by itself',
    'RESOLVED', at, at, at + interval '10 minutes', CASE n % 3 WHEN 0 THEN 'OWNER' WHEN 1 THEN 'EVERYBODY' ELSE 'OPERATOR' END,
    CASE n % 3 WHEN 0 THEN fact.owner END
FROM fact, generate_series(1, fact.days * 20) AS n CROSS JOIN LATERAL (SELECT fact.start + n * interval '72 minutes' AS at) AS w;

INSERT INTO alert_messages (lt_alert_id, kind, severity, title, message, at, spread_at)
SELECT lt_alert_id, kind, severity, title, message, created_at, created_at
FROM lt_alerts CROSS JOIN unnest(ARRAY['BEGAN', 'ENDED']) AS kind WHERE status = 'RESOLVED' ORDER BY lt_alert_id;

INSERT INTO alert_deliveries (alert_message_id, channel, state, attempts, next_attempt_at, sent_at, sent_together)
SELECT alert_message_id, channel, 'SENT', 1, at, at, 1
FROM alert_messages CROSS JOIN unnest(ARRAY['sns', 'telegram', 'webhook']) AS channel;

INSERT INTO breaks (trading_wallet_id, kind, subject, expected, observed, found_at, last_seen_at, closed_at, closed_by)
SELECT
    wallet.id, 'TOKEN_BALANCE', n::text, 10, 9, start + n * interval '1 day', start + n * interval '1 day',
    start + n * interval '1 day' + interval '1 hour', 'operator'
FROM fact, wallet, generate_series(1, fact.days - 1) AS n;

INSERT INTO audit_log (actor, action, subject_type, subject_id, before_state, after_state, cause, at, owner_id)
SELECT
    'run', 'order_state', 'lt_order', id::text, '{"state": "SENT"}', '{"state": "FILLED"}', 'the venue said so',
    at + interval '8 seconds', fact.owner
FROM fact, made ORDER BY n;

INSERT INTO audit_log (actor, action, subject_type, subject_id, before_state, after_state, cause, at, owner_id)
SELECT 'run', 'redemption_state', 'lt_redemption', id::text, '{"state": "DUE"}', '{"state": "BOOKED"}', 'paid', ends, fact.owner
FROM fact, redeemed ORDER BY m;

INSERT INTO job_requests (
    job_id, job, owner_id, is_for_everybody, asked, state, asked_at, begun_at, ended_at, alive_until, holder, report
)
SELECT
    gen_random_uuid(), 'lt-resolve', CASE WHEN n % 3 = 0 THEN 'somebody' ELSE fact.owner END, n % 2 = 0, '{}', 'DONE', at,
    at, at, at, 'run', '{"ran": true}'
FROM fact, generate_series(1, fact.days * 20) AS n CROSS JOIN LATERAL (SELECT fact.start + n * interval '72 minutes' AS at) AS w;

INSERT INTO idempotency_keys (owner_id, idempotency_key, request_hash, status_code, body, created_at)
SELECT fact.owner, md5('k' || n), md5('a' || n) || md5('b' || n), 201, '{"lt_strategy_id": "x"}', start + n * interval '14 minutes'
FROM fact, generate_series(1, fact.days * 100) AS n;

INSERT INTO quarantined_rows (source, reason, raw, raw_sha256, first_seen_at, last_seen_at)
SELECT 'data_api.trades', 'price: is no number', '{"row": ' || n || '}', md5('q' || n) || md5('r' || n), at, at
FROM fact, generate_series(1, fact.days * 50) AS n CROSS JOIN LATERAL (SELECT fact.start + n * interval '28 minutes' AS at) AS w;

INSERT INTO venue_calls
SELECT wallet.id, at, 3, 0, '{50,60,70}'
FROM fact, wallet, generate_series(greatest(fact.start, fact.now - interval '2 days'), fact.now, interval '2 minutes') AS at;
