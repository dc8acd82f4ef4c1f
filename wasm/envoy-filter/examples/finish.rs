//! Makes the filter as cargo builds it into the module for Envoy: `finish FROM TO`.

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let paths: Vec<String> = std::env::args().skip(1).collect();
    let [from, to] = paths.as_slice() else { return Err("usage: finish FROM TO".into()) };
    let module = portolan_envoy_filter::module::finish(&std::fs::read(from)?);
    std::fs::write(to, module.ok_or("this is no WebAssembly module")?)?;
    Ok(())
}
