// Express as many sites put it in front: it compresses what it passes on. Prints its port.
import compression from "compression";
import express from "express";
import { createProxyMiddleware } from "http-proxy-middleware";

const [target] = process.argv.slice(2);
const site = express();
site.use(compression({ threshold: 0 }));
site.use(createProxyMiddleware({ target, changeOrigin: true }));
const server = site.listen(0, "127.0.0.1", () => console.log(server.address().port));
