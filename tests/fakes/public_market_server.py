"""The public market data of OKX, Binance USD-M and Bybit on loopback, as they spell it."""

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

MINUTE = 60_000


@dataclass
class Book:
    """One perpetual swap: GALA counts in tens on OKX."""

    base: str
    bid: str
    ask: str
    price_step: str
    contract_size: str
    lot: str
    """Coins on Binance and Bybit, contracts on OKX."""


@dataclass(frozen=True)
class Answer:
    """An answer to be given instead of the right one."""

    status: int = 200
    body: str = "{}"
    headers: tuple[tuple[str, str], ...] = ()
    hang_up: bool = False


@dataclass
class PublicMarkets:
    """What the exchanges quote; every answer is a pure function of this."""

    now: Callable[[], int]
    books: dict[str, Book] = field(
        default_factory=lambda: {
            "GALA": Book("GALA", "0.017999", "0.018001", "0.000001", "10", "1"),
            "CHZ": Book("CHZ", "0.040998", "0.041002", "0.000001", "10", "1"),
        }
    )
    funding: dict[str, list[tuple[int, str]]] = field(default_factory=dict)
    """(time, rate) by base."""
    faults: list[Answer] = field(default_factory=list)
    """Given first, one a request."""
    requests: list[str] = field(default_factory=list)

    def move(self, base: str, bid: Decimal, ask: Decimal) -> None:
        self.books[base].bid, self.books[base].ask = format(bid, "f"), format(ask, "f")

    def candles(self, since: int, until: int) -> list[tuple[int, list[str]]]:
        first = -(-since // MINUTE) * MINUTE
        opens = range(first, min(until, self.now()) + 1, MINUTE)
        return [(time, ["0.0180", "0.0182", "0.0179", "0.0181", "1000"]) for time in opens]

    def settlements(self, base: str, since: int, until: int) -> list[tuple[int, str]]:
        return [row for row in self.funding.get(base, []) if since <= row[0] <= until]

    def answer(self, path: str, query: dict[str, str]) -> Any:
        parts = (*_OKX.items(), *_BINANCE.items(), *_BYBIT.items())
        for known, respond in parts:
            if path == known:
                return respond(self, query)
        raise AssertionError(f"an unexpected request: {path}")


def _okx(data: list[Any]) -> Any:
    return {"code": "0", "msg": "", "data": data}


def _okx_base(query: dict[str, str]) -> str:
    return query["instId"].partition("-")[0]


def _twice(lot: str) -> str:
    return str(2 * Decimal(lot))


def _okx_instruments(markets: PublicMarkets, query: dict[str, str]) -> Any:
    assert query["instType"] == "SWAP"
    return _okx(
        [
            {
                "instId": f"{b.base}-USDT-SWAP", "instType": "SWAP", "instFamily": f"{b.base}-USDT",
                "uly": f"{b.base}-USDT", "baseCcy": "", "quoteCcy": "", "settleCcy": "USDT",
                "ctVal": b.contract_size, "ctMult": "1", "ctValCcy": b.base, "ctType": "linear",
                "lotSz": b.lot, "minSz": _twice(b.lot), "tickSz": b.price_step, "lever": "50",
                "state": "live", "listTime": "1611916828000", "expTime": "", "maxMktSz": "500000",
                "maxLmtSz": "100000000", "alias": "", "category": "1", "optType": "", "stk": "",
            }
            for b in markets.books.values()
        ] + [
            {
                "instId": "BTC-USD-SWAP", "instType": "SWAP", "uly": "BTC-USD", "baseCcy": "",
                "quoteCcy": "", "settleCcy": "BTC", "ctVal": "100", "ctMult": "1",
                "ctValCcy": "USD", "ctType": "inverse", "lotSz": "1", "minSz": "1",
                "tickSz": "0.1", "lever": "125", "state": "live", "expTime": "", "alias": "",
            }
        ]
    )  # fmt: skip


def _okx_ticker(markets: PublicMarkets, query: dict[str, str]) -> Any:
    book = markets.books.get(_okx_base(query))
    if book is None:
        return {"code": "51001", "msg": "Instrument ID doesn't exist.", "data": []}
    return _okx(
        [
            {
                "instType": "SWAP", "instId": query["instId"], "last": book.bid, "lastSz": "1",
                "askPx": book.ask, "askSz": "11", "bidPx": book.bid, "bidSz": "5",
                "open24h": book.bid, "high24h": book.ask, "low24h": book.bid,
                "volCcy24h": "1", "vol24h": "1", "ts": str(markets.now()),
            }
        ]
    )  # fmt: skip


def _okx_candles(markets: PublicMarkets, query: dict[str, str]) -> Any:
    assert query["bar"] == "1m"
    since, until = int(query.get("before", 0)) + 1, int(query.get("after", 2**53)) - 1
    rows = [[str(time), *ohlcv, "1", "1", "1"] for time, ohlcv in markets.candles(since, until)]
    return _okx(rows[: int(query.get("limit", 100))][::-1])


def _okx_funding(markets: PublicMarkets, query: dict[str, str]) -> Any:
    rows = markets.settlements(_okx_base(query), int(query.get("before", 0)) + 1, 2**53)
    return _okx(
        [
            {"instType": "SWAP", "instId": query["instId"], "fundingRate": rate,
             "realizedRate": rate, "fundingTime": str(time), "method": "current_period"}
            for time, rate in reversed(rows)
        ]
    )  # fmt: skip


_OKX = {
    "/api/v5/public/instruments": _okx_instruments,
    "/api/v5/market/ticker": _okx_ticker,
    "/api/v5/market/candles": _okx_candles,
    "/api/v5/market/history-candles": _okx_candles,
    "/api/v5/public/funding-rate-history": _okx_funding,
}


def _coin(query: dict[str, str]) -> str:
    return query["symbol"].removesuffix("USDT")


def _binance_info(markets: PublicMarkets, query: dict[str, str]) -> Any:
    return {
        "timezone": "UTC", "serverTime": markets.now(), "rateLimits": [], "exchangeFilters": [],
        "symbols": [
            {
                "symbol": f"{b.base}USDT", "pair": f"{b.base}USDT", "contractType": "PERPETUAL",
                "deliveryDate": 4133404800000, "onboardDate": 1569398400000, "status": "TRADING",
                "maintMarginPercent": "2.5000", "requiredMarginPercent": "5.0000",
                "baseAsset": b.base, "quoteAsset": "USDT", "marginAsset": "USDT",
                "pricePrecision": 6, "quantityPrecision": 0, "baseAssetPrecision": 8,
                "quotePrecision": 8, "underlyingType": "COIN",
                "filters": [
                    {"filterType": "PRICE_FILTER", "minPrice": b.price_step, "maxPrice": "200",
                     "tickSize": b.price_step},
                    {"filterType": "LOT_SIZE", "stepSize": b.lot, "maxQty": "10000000",
                     "minQty": b.lot},
                    {"filterType": "MARKET_LOT_SIZE", "stepSize": b.lot, "maxQty": "5000000",
                     "minQty": b.lot},
                    {"filterType": "MIN_NOTIONAL", "notional": "5"},
                ],
                "orderTypes": ["LIMIT", "MARKET"], "timeInForce": ["GTC", "IOC"],
            }
            for b in markets.books.values()
        ],
    }  # fmt: skip


def _binance_book(markets: PublicMarkets, query: dict[str, str]) -> Any:
    book = markets.books.get(_coin(query))
    if book is None:
        return Answer(400, '{"code":-1121,"msg":"Invalid symbol."}')
    return {
        "symbol": query["symbol"], "bidPrice": book.bid, "bidQty": "431", "askPrice": book.ask,
        "askQty": "9", "time": markets.now(), "lastUpdateId": 1,
    }  # fmt: skip


def _binance_klines(markets: PublicMarkets, query: dict[str, str]) -> Any:
    assert query["interval"] == "1m"
    rows = markets.candles(int(query.get("startTime", 0)), 2**53)[: int(query.get("limit", 500))]
    tail = ["1", 1, "1", "1", "0"]
    return [[time, *ohlcv, time + MINUTE - 1, *tail] for time, ohlcv in rows]


def _binance_funding(markets: PublicMarkets, query: dict[str, str]) -> Any:
    return [
        {"symbol": query["symbol"], "fundingTime": time, "fundingRate": rate, "markPrice": "0.018"}
        for time, rate in markets.settlements(_coin(query), int(query["startTime"]), 2**53)
    ]


_BINANCE = {
    "/fapi/v1/exchangeInfo": _binance_info,
    "/fapi/v1/ticker/bookTicker": _binance_book,
    "/fapi/v1/klines": _binance_klines,
    "/fapi/v1/fundingRate": _binance_funding,
}


def _bybit(markets: PublicMarkets, rows: list[Any]) -> Any:
    return {
        "retCode": 0, "retMsg": "OK", "result": {"category": "linear", "list": rows},
        "retExtInfo": {}, "time": markets.now(),
    }  # fmt: skip


def _bybit_instruments(markets: PublicMarkets, query: dict[str, str]) -> Any:
    assert query["category"] == "linear"
    if query.get("status") == "PreLaunch":
        return _bybit(markets, [])
    return _bybit(
        markets,
        [
            {
                "symbol": f"{b.base}USDT", "contractType": "LinearPerpetual", "status": "Trading",
                "baseCoin": b.base, "quoteCoin": "USDT", "launchTime": "1585526400000",
                "deliveryTime": "0", "deliveryFeeRate": "", "priceScale": "6",
                "leverageFilter": {"minLeverage": "1", "maxLeverage": "50.00",
                                   "leverageStep": "0.01"},
                "priceFilter": {"minPrice": b.price_step, "maxPrice": "19",
                                "tickSize": b.price_step},
                "lotSizeFilter": {"maxOrderQty": "10000000", "minOrderQty": b.lot,
                                  "qtyStep": b.lot, "maxMktOrderQty": "5000000",
                                  "minNotionalValue": "5", "postOnlyMaxOrderQty": "10000000"},
                "unifiedMarginTrade": True, "fundingInterval": 480, "settleCoin": "USDT",
                "copyTrading": "both", "isPreListing": False,
            }
            for b in markets.books.values()
        ],
    )  # fmt: skip


def _bybit_ticker(markets: PublicMarkets, query: dict[str, str]) -> Any:
    book = markets.books.get(_coin(query))
    if book is None:
        return {"retCode": 10001, "retMsg": "params error: symbol invalid", "result": {},
                "retExtInfo": {}, "time": markets.now()}  # fmt: skip
    return _bybit(
        markets,
        [{"symbol": query["symbol"], "lastPrice": book.bid, "markPrice": book.bid,
          "bid1Price": book.bid, "bid1Size": "1", "ask1Price": book.ask, "ask1Size": "1"}],
    )  # fmt: skip


def _bybit_klines(markets: PublicMarkets, query: dict[str, str]) -> Any:
    assert query["interval"] == "1"
    since, until = int(query.get("start", 0)), int(query.get("end", 2**53))
    rows = [[str(time), *ohlcv, "1"] for time, ohlcv in markets.candles(since, until)]
    return _bybit(markets, rows[: int(query.get("limit", 200))][::-1])


def _bybit_funding(markets: PublicMarkets, query: dict[str, str]) -> Any:
    rows = markets.settlements(_coin(query), int(query["startTime"]), int(query["endTime"]))
    return _bybit(
        markets,
        [{"symbol": query["symbol"], "fundingRate": rate, "fundingRateTimestamp": str(time)}
         for time, rate in reversed(rows)],
    )  # fmt: skip


_BYBIT = {
    "/v5/market/instruments-info": _bybit_instruments,
    "/v5/market/tickers": _bybit_ticker,
    "/v5/market/kline": _bybit_klines,
    "/v5/market/funding/history": _bybit_funding,
}


class PublicMarketServer:
    """Serves `PublicMarkets` on a loopback port, a free one by default."""

    def __init__(self, markets: PublicMarkets, port: int = 0) -> None:
        self.markets = markets
        self._server = ThreadingHTTPServer(("127.0.0.1", port), _handler(markets))
        self._server.daemon_threads = True
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True
        )
        self._thread.start()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def _handler(markets: PublicMarkets) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = 65_536  # one packet an answer: two would wait for each other's receipt

        def do_GET(self) -> None:
            split = urlsplit(self.path)
            markets.requests.append(self.path)
            if markets.faults:
                self._send(markets.faults.pop(0))
                return
            found = markets.answer(split.path, dict(parse_qsl(split.query)))
            self._send(found if isinstance(found, Answer) else Answer(body=json.dumps(found)))

        def _send(self, answer: Answer) -> None:
            if answer.hang_up:
                self.close_connection = True
                self.connection.close()
                return
            body = answer.body.encode()
            self.send_response(answer.status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            for name, value in answer.headers:
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    return Handler
