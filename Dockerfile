# syntax=docker/dockerfile:1
# protogate in a container: production dependencies only, no shell needed to run, not root.

FROM node:26-slim AS build
WORKDIR /build
COPY package.json package-lock.json .npmrc ./
RUN npm ci
COPY . .
RUN npm run build
# The image brings its own Node: the pinned binaries of optionalDependencies are for machines with an older one.
RUN npm ci --omit=dev --omit=optional

FROM node:26-slim
ENV NODE_ENV=production
WORKDIR /app
COPY --from=build /build/node_modules ./node_modules
COPY --from=build /build/dist ./dist
COPY --from=build /build/package.json /build/LICENSE ./
USER node
EXPOSE 8080
EXPOSE 9901
# The admin listener is inside the container only; publish 9901 to see /debug/routes from outside.
HEALTHCHECK --interval=10s --timeout=2s --start-period=5s \
  CMD ["node", "-e", "fetch('http://127.0.0.1:9901/livez').then(r=>process.exit(r.ok?0:1),()=>process.exit(1))"]
ENTRYPOINT ["node", "dist/src/cli/main.js"]
CMD ["help"]
