// Every setting of nodes that the classes of Elasticsearch's jars declare, one a line: its name (a pattern where it has a
// part that people choose), "dynamic" or "static". Classes are read by reflection, no server is started.
//
//     java -cp "lib/*:modules/x-pack-core/*" tooling/schemas/ClusterSettings.java JAR...

import java.lang.reflect.Field;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.util.Collection;
import java.util.Map;
import java.util.TreeMap;
import java.util.zip.ZipFile;

public class ClusterSettings {
    static final Map<String, String> FOUND = new TreeMap<>();
    static Class<?> setting;

    public static void main(String[] jars) throws Exception {
        ClassLoader loader = ClusterSettings.class.getClassLoader();
        // Classes that log cannot be read before there is something to log to.
        Class.forName("org.elasticsearch.common.logging.LogConfigurator", true, loader).getMethod("configureESLogging").invoke(null);
        setting = Class.forName("org.elasticsearch.common.settings.Setting", false, loader);
        for (String jar : jars) {
            try (ZipFile zip = new ZipFile(jar)) {
                zip.stream().map(Object::toString).filter(name -> name.endsWith(".class") && !name.startsWith("META-INF"))
                    .forEach(name -> read(name.substring(0, name.length() - 6).replace('/', '.'), loader));
            }
        }
        FOUND.forEach((name, kind) -> System.out.println(name + " " + kind));
        System.exit(0); // some classes start threads
    }

    static void read(String name, ClassLoader loader) {
        try {
            for (Field field : Class.forName(name, false, loader).getDeclaredFields()) {
                if (Modifier.isStatic(field.getModifiers()) && field.getGenericType().toString().contains(setting.getName())) {
                    field.setAccessible(true);
                    take(field.get(null));
                }
            }
        } catch (ReflectiveOperationException | LinkageError | RuntimeException error) {
            System.err.println(name + ": " + error);
        }
    }

    static void take(Object value) throws ReflectiveOperationException {
        if (value instanceof Collection<?> several) {
            for (Object one : several) take(one);
        } else if (value instanceof Map<?, ?> several) {
            for (Object one : several.values()) take(one);
        } else if (setting.isInstance(value) && is(value, "hasNodeScope") && !is(value, "isSecure")) {
            String kind = is(value, "isDynamic") ? "dynamic" : "static";
            String name = value.toString();
            for (Class<?> type = value.getClass(); type != null; type = type.getSuperclass()) {
                for (Field field : type.getDeclaredFields()) {
                    if (field.getName().equals("key")) {
                        field.setAccessible(true);
                        name = field.get(value).toString();
                    }
                }
            }
            if (is(value, "isGroupSetting") && !name.contains("*")) name = (name.endsWith(".") ? name : name + ".") + "*";
            FOUND.merge(name, kind, (one, other) -> one.equals("dynamic") ? one : other);
        }
    }

    static boolean is(Object value, String what) throws ReflectiveOperationException {
        for (Class<?> type = value.getClass(); type != null; type = type.getSuperclass()) {
            for (Method method : type.getDeclaredMethods()) {
                if (method.getName().equals(what) && method.getParameterCount() == 0) {
                    method.setAccessible(true);
                    return (boolean) method.invoke(value);
                }
            }
        }
        return false;
    }
}
