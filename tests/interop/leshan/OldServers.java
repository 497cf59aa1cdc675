// SPDX-License-Identifier: Apache-2.0
// As Servers.java, for Leshan 1.x and the first milestones of 2.0: their engine behind the REST calls of their demos. The
// bootstrap server takes the devices' keys from its configurations, as 1.x does.
// usage: java -cp 'lib/*' OldServers.java KEY.der CERT.der     (PKCS#8; prints one line of JSON, ends with its standard input)
import com.eclipsesource.json.Json;
import com.eclipsesource.json.JsonArray;
import com.eclipsesource.json.JsonObject;
import com.eclipsesource.json.JsonValue;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.ByteArrayInputStream;
import java.lang.reflect.Proxy;
import java.net.InetSocketAddress;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.HexFormat;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.eclipse.leshan.server.bootstrap.BootstrapConfig;
import org.eclipse.leshan.server.bootstrap.BootstrapConfigStore;
import org.eclipse.leshan.server.californium.LeshanServer;
import org.eclipse.leshan.server.californium.LeshanServerBuilder;
import org.eclipse.leshan.server.californium.bootstrap.LeshanBootstrapServer;
import org.eclipse.leshan.server.californium.bootstrap.LeshanBootstrapServerBuilder;
import org.eclipse.leshan.server.security.BootstrapSecurityStore;
import org.eclipse.leshan.server.security.InMemorySecurityStore;
import org.eclipse.leshan.server.security.NonUniqueSecurityInfoException;
import org.eclipse.leshan.server.security.SecurityInfo;

public class OldServers {
    static final Map<String, BootstrapConfig> configs = new ConcurrentHashMap<>();

    /** What a handler answers; text may be null. */
    record Reply(int status, String text) {}

    interface Handler {
        Reply handle(String method, String last, String body) throws Exception;
    }

    static SecurityInfo security(JsonObject body) {
        String endpoint = body.get("endpoint").asString();
        if (body.get("psk") != null) {
            JsonObject psk = body.get("psk").asObject();
            byte[] key = HexFormat.of().parseHex(psk.get("key").asString());
            return SecurityInfo.newPreSharedKeyInfo(endpoint, psk.get("identity").asString(), key);
        }
        if (!body.getBoolean("x509", false))
            throw new IllegalArgumentException("Invalid security info content");
        return SecurityInfo.newX509CertInfo(endpoint);
    }

    static Handler securityHandler(InMemorySecurityStore store) {
        return (method, last, body) -> {
            if (method.equals("PUT")) {
                try {
                    store.add(security(Json.parse(body).asObject()));
                    return new Reply(200, null);
                } catch (NonUniqueSecurityInfoException e) {
                    return new Reply(400, e.getMessage());
                }
            }
            if (method.equals("DELETE"))
                return store.remove(last, true) == null ? new Reply(404, null) : new Reply(200, null);
            JsonArray list = new JsonArray();
            for (SecurityInfo info : store.getAll())
                list.add(new JsonObject().add("endpoint", info.getEndpoint()));
            return new Reply(200, list.toString());
        };
    }

    static byte[] bytes(JsonValue array) {
        byte[] out = new byte[array == null ? 0 : array.asArray().size()];
        for (int i = 0; i < out.length; i++)
            out[i] = (byte) array.asArray().get(i).asInt();
        return out;
    }

    /** The type of the mode changed its package. */
    @SuppressWarnings({"unchecked", "rawtypes"})
    static void setMode(BootstrapConfig.ServerSecurity to, String name) throws ReflectiveOperationException {
        var field = BootstrapConfig.ServerSecurity.class.getField("securityMode");
        field.set(to, Enum.valueOf((Class) field.getType(), name));
    }

    static BootstrapConfig config(JsonObject body) throws ReflectiveOperationException {
        BootstrapConfig config = new BootstrapConfig();
        for (JsonObject.Member m : body.get("servers").asObject()) {
            BootstrapConfig.ServerConfig to = new BootstrapConfig.ServerConfig();
            JsonObject from = m.getValue().asObject();
            to.shortId = from.get("shortId").asInt();
            to.lifetime = from.get("lifetime").asInt();
            config.servers.put(Integer.valueOf(m.getName()), to);
        }
        for (JsonObject.Member m : body.get("security").asObject()) {
            BootstrapConfig.ServerSecurity to = new BootstrapConfig.ServerSecurity();
            JsonObject from = m.getValue().asObject();
            to.uri = from.get("uri").asString();
            to.bootstrapServer = from.getBoolean("bootstrapServer", false);
            setMode(to, from.get("securityMode").asString());
            to.publicKeyOrId = bytes(from.get("publicKeyOrId"));
            to.secretKey = bytes(from.get("secretKey"));
            to.serverPublicKey = bytes(from.get("serverPublicKey"));
            if (from.get("serverId") != null)
                to.serverId = from.get("serverId").asInt();
            config.security.put(Integer.valueOf(m.getName()), to);
        }
        return config;
    }

    static SecurityInfo known(String endpoint, String identity) {
        for (var config : configs.entrySet())
            for (var s : config.getValue().security.values())
                if (s.bootstrapServer && String.valueOf(s.securityMode).equals("PSK") &&
                    (identity != null ? identity.equals(new String(s.publicKeyOrId, StandardCharsets.UTF_8))
                                      : config.getKey().equals(endpoint)))
                    return SecurityInfo.newPreSharedKeyInfo(config.getKey(),
                            new String(s.publicKeyOrId, StandardCharsets.UTF_8), s.secretKey);
        return null;
    }

    /** getAllByEndpoint brought a list in 1.x, an iterator later. */
    static BootstrapSecurityStore bootstrapKeys() {
        return (BootstrapSecurityStore) Proxy.newProxyInstance(OldServers.class.getClassLoader(),
                new Class<?>[] {BootstrapSecurityStore.class}, (proxy, method, args) -> {
                    if (!method.getName().equals("getAllByEndpoint"))
                        return method.getName().equals("getByIdentity") ? known(null, (String) args[0]) : null;
                    SecurityInfo info = known((String) args[0], null);
                    List<SecurityInfo> list = info == null ? null : List.of(info);
                    return list == null || method.getReturnType() != Iterator.class ? list : list.iterator();
                });
    }

    /** get() has other arguments in each generation. */
    static BootstrapConfigStore bootstrapConfigs() {
        return (BootstrapConfigStore) Proxy.newProxyInstance(OldServers.class.getClassLoader(),
                new Class<?>[] {BootstrapConfigStore.class},
                (proxy, method, args) -> method.getName().equals("get") ? configs.get((String) args[0]) : null);
    }

    static Reply bootstrap(String method, String endpoint, String body) throws Exception {
        if (method.equals("POST")) {
            configs.put(endpoint, config(Json.parse(body).asObject()));
            return new Reply(200, null);
        }
        if (method.equals("DELETE"))
            return configs.remove(endpoint) == null ? new Reply(404, "no config for " + endpoint) : new Reply(204, null);
        JsonObject all = new JsonObject();
        configs.keySet().forEach(name -> all.add(name, new JsonObject()));
        return new Reply(200, all.toString());
    }

    static void route(HttpServer web, String path, Handler handler) {
        web.createContext(path, exchange -> answer(exchange, path, handler));
    }

    static void answer(HttpExchange exchange, String path, Handler handler) throws java.io.IOException {
        String rest = exchange.getRequestURI().getRawPath().substring(path.length());
        String last = URLDecoder.decode(rest.startsWith("/") ? rest.substring(1) : rest, StandardCharsets.UTF_8);
        String in = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
        Reply reply;
        try {
            reply = handler.handle(exchange.getRequestMethod(), last, in);
        } catch (Exception e) {
            reply = new Reply(400, "Invalid request body");
        }
        byte[] out = reply.text() == null ? new byte[0] : reply.text().getBytes(StandardCharsets.UTF_8);
        exchange.sendResponseHeaders(reply.status(), out.length == 0 ? -1 : out.length);
        exchange.getResponseBody().write(out);
        exchange.close();
    }

    public static void main(String[] args) throws Exception {
        PrivateKey key = KeyFactory.getInstance("EC")
                .generatePrivate(new PKCS8EncodedKeySpec(Files.readAllBytes(Path.of(args[0]))));
        X509Certificate[] chain = {(X509Certificate) CertificateFactory.getInstance("X.509")
                .generateCertificate(new ByteArrayInputStream(Files.readAllBytes(Path.of(args[1]))))};
        InMemorySecurityStore known = new InMemorySecurityStore();
        LeshanServer server = new LeshanServerBuilder().setLocalAddress("127.0.0.1", 0).setLocalSecureAddress("127.0.0.1", 0)
                .setSecurityStore(known).setPrivateKey(key).setCertificateChain(chain)
                .setTrustedCertificates(new X509Certificate[0]).build();
        LeshanBootstrapServer bootstrap = new LeshanBootstrapServerBuilder().setLocalAddress("127.0.0.1", 0)
                .setLocalSecureAddress("127.0.0.1", 0).setConfigStore(bootstrapConfigs()).setSecurityStore(bootstrapKeys())
                .setPrivateKey(key).setCertificateChain(chain).setTrustedCertificates(new X509Certificate[0]).build();
        server.start();
        bootstrap.start();

        InetSocketAddress any = new InetSocketAddress("127.0.0.1", 0);
        HttpServer web = HttpServer.create(any, 0), bootstrapWeb = HttpServer.create(any, 0);
        route(web, "/api/security/clients", securityHandler(known));
        route(web, "/api/clients", (method, endpoint, body) -> {
            boolean there = server.getRegistrationService().getByEndpoint(endpoint) != null;
            return new Reply(there ? 200 : 400, new JsonObject().add("endpoint", endpoint).toString());
        });
        bootstrapWeb.createContext("/", exchange -> answer(exchange, "", (method, last, body) -> new Reply(404, "HTTP ERROR 404")));
        route(bootstrapWeb, "/api/bootstrap", OldServers::bootstrap);
        web.start();
        bootstrapWeb.start();
        System.out.println(new JsonObject().add("web", web.getAddress().getPort())
                .add("bootstrapWeb", bootstrapWeb.getAddress().getPort())
                .add("coap", server.getUnsecuredAddress().getPort()).add("coaps", server.getSecuredAddress().getPort())
                .add("bootstrapCoap", bootstrap.getUnsecuredAddress().getPort())
                .add("bootstrapCoaps", bootstrap.getSecuredAddress().getPort()));
        System.out.flush();
        while (System.in.read() >= 0) { }
        System.exit(0);
    }
}
