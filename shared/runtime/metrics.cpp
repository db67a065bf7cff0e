#include "shared/runtime/metrics.hpp"

#include <deque>
#include <mutex>
#include <utility>

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

namespace berth::runtime {
namespace {

class PrometheusCounter final : public Counter {
 public:
  explicit PrometheusCounter(prometheus::Counter& counter) : counter_(counter) {}
  void add(double amount) override { counter_.Increment(amount); }

 private:
  prometheus::Counter& counter_;
};

class PrometheusGauge final : public Gauge {
 public:
  explicit PrometheusGauge(prometheus::Gauge& gauge) : gauge_(gauge) {}
  void set(double value) override { gauge_.Set(value); }

 private:
  prometheus::Gauge& gauge_;
};

class PrometheusHistogram final : public Histogram {
 public:
  explicit PrometheusHistogram(prometheus::Histogram& histogram) : histogram_(histogram) {}
  void observe(double value) override { histogram_.Observe(value); }

 private:
  prometheus::Histogram& histogram_;
};

// Wrappers by name and labels. A map's nodes stay where they are.
template <class T>
using Named = std::map<std::pair<std::string, Metrics::Labels>, T>;

}  // namespace

struct Metrics::Impl {
  prometheus::Registry registry;
  std::mutex mutex;  // for the three maps
  Named<PrometheusCounter> counters;
  Named<PrometheusGauge> gauges;
  Named<PrometheusHistogram> histograms;
};

Metrics::Metrics() : impl_(std::make_unique<Impl>()) {}

Metrics::~Metrics() = default;

Counter& Metrics::counter(const std::string& name, const std::string& help, const Labels& labels) {
  const std::lock_guard lock(impl_->mutex);
  auto& metric =
      prometheus::BuildCounter().Name(name).Help(help).Register(impl_->registry).Add(labels);
  return impl_->counters.try_emplace({name, labels}, metric).first->second;
}

Gauge& Metrics::gauge(const std::string& name, const std::string& help, const Labels& labels) {
  const std::lock_guard lock(impl_->mutex);
  auto& metric =
      prometheus::BuildGauge().Name(name).Help(help).Register(impl_->registry).Add(labels);
  return impl_->gauges.try_emplace({name, labels}, metric).first->second;
}

Histogram& Metrics::histogram(const std::string& name, const std::string& help,
                              const std::vector<double>& bounds, const Labels& labels) {
  const std::lock_guard lock(impl_->mutex);
  auto& metric = prometheus::BuildHistogram()
                     .Name(name)
                     .Help(help)
                     .Register(impl_->registry)
                     .Add(labels, bounds);
  return impl_->histograms.try_emplace({name, labels}, metric).first->second;
}

std::string Metrics::text() const {
  return prometheus::TextSerializer().Serialize(impl_->registry.Collect());
}

}  // namespace berth::runtime
